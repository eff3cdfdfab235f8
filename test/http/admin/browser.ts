import { expect } from "vitest";
import { createWorld, type World, type WorldOptions } from "../../support/world.ts";
import { serve } from "../support.ts";

export const PASSWORDS = { ADMIN_PASSWORD: "open sesame, please", VIEWER_PASSWORD: "just looking around" };

export type Browser = {
  /** The CSRF token, as scripts read it from the cookie. */
  readonly csrf: string;
  readonly cookies: readonly { readonly name: string; readonly value: string }[];
  send(
    method: string,
    path: string,
    options?: { headers?: Record<string, string>; body?: string; signal?: AbortSignal },
  ): Promise<Response>;
};

export async function adminWorld(
  environment: Record<string, string> = PASSWORDS,
  options: WorldOptions = {},
): Promise<{ world: World; address: string }> {
  const world = await createWorld({ ...options, environment });
  return { world, address: await serve(world) };
}

export const send = (
  address: string,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string,
  signal?: AbortSignal,
) =>
  fetch(`${address}${path}`, {
    method,
    headers,
    redirect: "manual",
    ...(body === undefined ? {} : { body }),
    ...(signal === undefined ? {} : { signal }),
  });

export const FORM = { "Content-Type": "application/x-www-form-urlencoded" };

export const signIn = (
  address: string,
  login: string,
  password: string,
  headers: Record<string, string> = {},
) =>
  send(
    address,
    "POST",
    "/admin/login",
    { ...FORM, ...headers },
    new URLSearchParams({ login, password }).toString(),
  );

/** Signs in and keeps the cookies. @param login default: the one that is named like the role. */
export async function browser(
  address: string,
  role: "admin" | "viewer",
  { login, password } = {
    login: role as string,
    password: role === "admin" ? PASSWORDS.ADMIN_PASSWORD : PASSWORDS.VIEWER_PASSWORD,
  },
): Promise<Browser> {
  const answer = await signIn(address, login, password);
  expect(answer.status).toBe(303);
  const cookies = answer.headers.getSetCookie().map((header) => {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(header) as unknown as [string, string, string];
    return { name, value };
  });
  return {
    csrf: cookies.find(({ name }) => name === "XSRF-TOKEN")?.value ?? "",
    cookies,
    send: (method, path, options = {}) => {
      const { Cookie: planted, ...headers } = options.headers ?? {};
      // A cookie planted by another site comes before our own.
      const own = cookies.map(({ name, value }) => `${name}=${value}`);
      const cookie = [...(planted === undefined ? [] : [planted]), ...own].join("; ");
      return send(address, method, path, { ...headers, Cookie: cookie }, options.body, options.signal);
    },
  };
}

/** Posts a form as a page sends it, with the CSRF token of its session. */
export const postForm = (
  { send, csrf }: Browser,
  path: string,
  fields: Readonly<Record<string, string>> = {},
): Promise<Response> =>
  send("POST", path, {
    headers: FORM,
    body: new URLSearchParams({ _csrf: csrf, ...fields }).toString(),
  });

/** What the page that an action leads to says that it has done; undefined if it says nothing. */
export async function doneText({ send }: Browser, answer: Response): Promise<string | undefined> {
  const page = await (await send("GET", answer.headers.get("location") ?? "")).text();
  return /<p class="notice good" role="status">([^<]*)</.exec(page)?.[1];
}

/** Both logins, and a function that reads a page as the viewer. */
export async function visitors(address: string) {
  const [admin, viewer] = [await browser(address, "admin"), await browser(address, "viewer")];
  const page = async (path: string): Promise<string> => (await viewer.send("GET", path)).text();
  return { address, admin, viewer, page };
}

/**
 * Fails unless a form is refused without the CSRF token, to viewers, and without a reason.
 */
export async function expectGuarded(
  { admin, viewer }: { readonly admin: Browser; readonly viewer: Browser },
  path: string,
): Promise<void> {
  const reason = { reason: "a good reason" };
  const answers = [
    await postForm({ ...admin, csrf: "" }, path, reason),
    await postForm(viewer, path, reason),
    await postForm(admin, path, {}),
    await postForm(admin, path, { reason: " " }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([403, 403, 422, 422]);
}
