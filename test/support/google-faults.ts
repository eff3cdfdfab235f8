import type { ServerResponse } from "node:http";

export type Route = "token" | "watch" | "stop" | "list";

/** How Google can fail. `drop` breaks the connection before the work is done, `drop after` afterwards. */
export type Fault =
  | "400 invalid_grant"
  | "401 invalid_client"
  | "401"
  | "403"
  | "403 rateLimitExceeded"
  | "403 accessNotConfigured"
  | "404"
  | "410"
  | "429"
  | "429 retry-after"
  | "500"
  | "503"
  | "hang"
  | "drop"
  | "drop after"
  | "nonsense";

export const RETRY_AFTER_SECONDS = 40;

const OF_THE_API: Record<string, string> = {
  "401": "authError",
  "403": "forbidden",
  "404": "notFound",
  "410": "fullSyncRequired",
  "429": "rateLimitExceeded",
  "500": "backendError",
  "503": "backendError",
};

/** Answers as Google would. `drop after` is not an answer: the server does the work first. */
export function answerFault(response: ServerResponse, fault: Exclude<Fault, "drop after">) {
  if (fault === "hang") return;
  if (fault === "drop") return void response.socket?.destroy();
  if (fault === "nonsense") return answer(response, 200, {});
  const [status = "500", word] = fault.split(" ");
  if (word === "invalid_grant" || word === "invalid_client")
    return answer(response, Number(status), { error: word });
  if (word === "retry-after") response.setHeader("retry-after", String(RETRY_AFTER_SECONDS));
  const reason = word === undefined || word === "retry-after" ? OF_THE_API[status] : word;
  refuse(response, Number(status), reason ?? "unknown");
}

/** Answers with an error in the format of the API. */
export function refuse(response: ServerResponse, status: number, reason: string): void {
  const message = `${reason} of somebody@example.com`;
  answer(response, status, {
    error: { code: status, message, errors: [{ domain: "global", reason, message }] },
  });
}

export function answer(response: ServerResponse, status: number, body: unknown): void {
  response.statusCode = status;
  response.setHeader("content-type", "application/json; charset=UTF-8");
  response.end(body === null ? undefined : JSON.stringify(body));
}
