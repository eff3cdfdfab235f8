import { Router } from "express";
import {
  lastVerification,
  type MirrorStatus,
  type MirrorVerification,
  mirrorStatus,
} from "../../../connect/status.ts";
import { type TroubledRow, troubledRows } from "../../../connect/troubled-rows.ts";
import { type Html, html } from "../../../html.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import {
  badge,
  codeHtml,
  formatSeconds,
  regionHtml,
  section,
  timeHtml,
  timeWithAge,
} from "../frame/elements.ts";
import type { AdminPage } from "../frame/navigation.ts";
import { following, showPage } from "../frame/page.ts";
import { table } from "../frame/table.ts";

/** The host's tables that are mirrored. */
export const hostsPage: AdminPage = {
  path: "/hosts",
  title: "Connected hosts",
  section: "Areas",
  role: "viewer",
  routes: hostRoutes,
};

const ROWS = 50;

/** `GET /hosts`: the mirrors with their waiting and refused rows, and the last verification. */
function hostRoutes(runtime: Runtime): Router {
  const router = Router();
  router.get("/hosts", async (_req, res) => {
    const { drizzle: on, schema } = runtime.db;
    const [mirrors, verification, troubled] = await Promise.all([
      mirrorStatus(on, schema),
      lastVerification(on),
      troubledRows(on, ROWS),
    ]);
    const body = regionHtml(
      "mirrors",
      html`${mirrorTable(mirrors, verification, runtime.clock.now())}
${mirrors.length === 0 ? null : html`<p class="dim">Verified: ${verification === null ? "never; verify-mirrors does it" : `${formatSeconds(verification.seconds)} ago`}.</p>`}
${troubled.length === 0 ? null : section("Rows that are not mirrored", troubledTable(troubled))}`,
    );
    showPage(res, { title: "Connected hosts", live: following("mirrors", "dirty", "mirror_faults"), body });
  });
  return router;
}

function stateHtml({ state, reason, triggerFaults }: MirrorStatus): Html {
  const faults = [...(reason === null ? [] : [reason]), ...triggerFaults];
  const shown =
    state === "stopped"
      ? badge("stopped", "bad")
      : state === "resync"
        ? badge("compares all rows", "busy")
        : badge("active", triggerFaults.length > 0 ? "bad" : "good");
  return faults.length === 0
    ? shown
    : html`${shown}<ul>${faults.map((fault) => html`<li>${fault}</li>`)}</ul>`;
}

const mirrorTable = (
  mirrors: readonly MirrorStatus[],
  verification: MirrorVerification | null,
  now: Date,
): Html =>
  table({
    caption: "Mirrors",
    columns: [
      { title: "Mirror", kind: "fixed" },
      { title: "Host's tables", kind: "long" },
      "State",
      { title: "Changes to apply", kind: "number" },
      { title: "Oldest change", kind: "fixed" },
      { title: "Waiting rows", kind: "number" },
      { title: "Refused rows", kind: "number" },
      { title: "Differed", kind: "number" },
    ],
    rows: mirrors.map((mirror) => [
      codeHtml(mirror.mirror),
      mirror.sources.join(", "),
      stateHtml(mirror),
      mirror.notes,
      timeWithAge(mirror.oldestNote, now),
      mirror.waiting,
      mirror.faults,
      verification?.differing[mirror.mirror],
    ]),
    empty: "No host's tables are mirrored. commonwork connect installs mappings.",
  });

const troubledTable = (troubled: readonly TroubledRow[]): Html =>
  table({
    caption: "Rows that are not mirrored",
    columns: [
      { title: "Mirror", kind: "fixed" },
      { title: "Key", kind: "long" },
      { title: "Why", kind: "long" },
      { title: "Since", kind: "fixed" },
    ],
    rows: troubled.map(({ mirror, key, why, at }) => [codeHtml(mirror), codeHtml(key), why, timeHtml(at)]),
    empty: "",
  });
