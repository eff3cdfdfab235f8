import { type ReadOf, readArea } from "../config/area.ts";
import { type Config, ConfigurationFault, readConfig } from "../config/config.ts";
import { email } from "../config/email.ts";
import { media } from "../config/media.ts";
import { postgres } from "../config/postgres.ts";
import { redis } from "../config/redis.ts";

/** The valid parts of the configuration: a part is null if one of its variables has an error. */
export type SetUp = {
  readonly faults: readonly string[];
  readonly config: Config | null;
  readonly postgres: ReadOf<typeof postgres> | null;
  readonly redis: ReadOf<typeof redis> | null;
  readonly email: ReadOf<typeof email>["email"] | null;
  readonly media: ReadOf<typeof media> | null;
};

/** Reads the environment; an error in one part leaves the others readable. */
export function readSetUp(environment: NodeJS.ProcessEnv): SetUp {
  return {
    ...readWhole(environment),
    postgres: readArea(postgres, environment, []),
    redis: readArea(redis, environment, []),
    email: readArea(email, environment, [])?.email ?? null,
    media: readArea(media, environment, []),
  };
}

function readWhole(environment: NodeJS.ProcessEnv): Pick<SetUp, "faults" | "config"> {
  try {
    return { faults: [], config: readConfig(environment) };
  } catch (error) {
    if (!(error instanceof ConfigurationFault)) throw error;
    return { faults: error.faults, config: null };
  }
}
