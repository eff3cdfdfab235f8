import { access } from "./access.ts";
import { type AnyArea, type ReadOf, readArea } from "./area.ts";
import { calendar } from "./calendar.ts";
import { connect } from "./connect.ts";
import { email } from "./email.ts";
import { embeddings } from "./embeddings.ts";
import { history } from "./history.ts";
import { matching } from "./matching.ts";
import { media } from "./media.ts";
import { notifications } from "./notifications.ts";
import { nudges } from "./nudges.ts";
import { pairs } from "./pairs.ts";
import { postgres } from "./postgres.ts";
import { postings } from "./postings.ts";
import { processArea } from "./process.ts";
import { redis } from "./redis.ts";
import { rewards } from "./rewards.ts";
import { sales } from "./sales.ts";
import { search } from "./search.ts";
import { tracing } from "./tracing.ts";

const areas = [
  postgres,
  redis,
  processArea,
  sales,
  rewards,
  notifications,
  email,
  nudges,
  calendar,
  matching,
  pairs,
  postings,
  embeddings,
  connect,
  media,
  search,
  history,
  access,
  tracing,
] as const;

type Intersection<U> = (U extends unknown ? (one: U) => void : never) extends (all: infer I) => void
  ? I
  : never;

/** The configuration of a process: the values of all areas. */
export type Config = Readonly<Intersection<ReadOf<(typeof areas)[number]>>>;

/** The areas in the order of the pages. */
export const AREAS: readonly AnyArea[] = areas;

/** The names of all variables that are read. */
export const VARIABLES: readonly string[] = AREAS.flatMap(({ variables }) => Object.keys(variables));

/** All errors in the environment at once. */
export class ConfigurationFault extends Error {
  override readonly name = "ConfigurationFault";
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    const count = faults.length === 1 ? "an error" : `${faults.length} errors`;
    super(
      `The configuration has ${count}:\n${faults.map((fault) => `  - ${fault}`).join("\n")}\ndocs/configuration.md lists all variables.`,
    );
    this.faults = faults;
  }
}

/**
 * Reads the configuration; the only reader of the environment.
 * @throws ConfigurationFault with all errors, not just the first.
 */
export const readConfig = (environment: NodeJS.ProcessEnv): Config =>
  Object.freeze(readAreas(AREAS, environment) as Config);

/**
 * The same for commands that need no Redis: REDIS_URL may be unset, and `redisUrl` is then empty.
 * @throws ConfigurationFault
 */
export const readConfigWithoutRedis = (environment: NodeJS.ProcessEnv): Config =>
  environment["REDIS_URL"]
    ? readConfig(environment)
    : Object.freeze(
        readAreas(
          AREAS.map((area) => (area.variables === redis.variables ? { ...area, faults: () => [] } : area)),
          environment,
        ) as Config,
      );

/**
 * Reads only the variables for Postgres, for commands that need nothing else.
 * @throws ConfigurationFault
 */
export const readDatabaseConfig = (environment: NodeJS.ProcessEnv): ReadOf<typeof postgres> =>
  readAreas([postgres], environment) as ReadOf<typeof postgres>;

function readAreas(list: readonly AnyArea[], environment: NodeJS.ProcessEnv): object {
  const faults: string[] = [];
  const parts = list.map((area) => readArea(area, environment, faults));
  if (faults.length > 0) throw new ConfigurationFault(faults);
  return Object.assign({}, ...parts) as object;
}
