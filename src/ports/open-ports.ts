import type { Config } from "../config.ts";
import type { Ports } from "./ports.ts";
import { scicentPort } from "./scicent.ts";

/** Opens the ports that are configured. */
export function openPorts(config: Pick<Config, "tokenSales">): Ports {
  return { tokenSales: config.tokenSales ? scicentPort(config.tokenSales) : null };
}
