import { type AlertRule, DAY_S, HOUR_S, MINUTE_S } from "./rule.ts";

/** Lists of job postings, and mirrors of the host. */
export const HOST_RULES: readonly AlertRule[] = [
  {
    name: "PostingListNotRead",
    condition: {
      gauge: "commonwork_posting_list_success_age_seconds",
      isAge: true,
      take: "max",
      is: ">",
      threshold: 3 * DAY_S,
    },
    forSeconds: HOUR_S,
    severity: "ticket",
    page: { title: "Postings' sources", path: "/admin/postings-sources" },
    meaning: "A list of job postings was not read for three days. Its postings stay open.",
    action: "`commonwork postings:sources`, and [what it waits for](postings.md#what-to-watch).",
  },
  {
    name: "MirrorStopped",
    condition: { gauge: "commonwork_mirror_stopped", by: "mirror", take: "max", is: ">", threshold: 0 },
    forSeconds: 0,
    severity: "page",
    page: { title: "Connected hosts", path: "/admin/hosts" },
    meaning: "A mirror is stopped and its changes wait.",
    action:
      "`commonwork connect status` has the reason, [connect](../connect.md#when-a-mirror-needs-attention) what to do.",
  },
  {
    name: "MirrorBehind",
    condition: {
      gauge: "commonwork_mirror_oldest_note_seconds",
      isAge: true,
      by: "mirror",
      take: "max",
      is: ">",
      threshold: MINUTE_S,
    },
    forSeconds: 5 * MINUTE_S,
    severity: "ticket",
    page: { title: "Connected hosts", path: "/admin/hosts" },
    meaning:
      "Changes of the host are not mirrored: no worker runs, or one statement of the host changed very many rows.",
    action: "`commonwork connect status`.",
  },
  {
    name: "MirrorFaultyRows",
    condition: { gauge: "commonwork_mirror_faulty_rows", by: "mirror", take: "max", is: ">", threshold: 0 },
    forSeconds: HOUR_S,
    severity: "ticket",
    page: { title: "Connected hosts", path: "/admin/hosts" },
    meaning: "Rows of the host do not fit.",
    action: "The table `mirror_faults` has their keys and the constraints.",
  },
  {
    name: "MirrorDiffers",
    condition: {
      gauge: "commonwork_mirror_differing_rows",
      by: "mirror",
      take: "max",
      is: ">",
      threshold: 0,
    },
    forSeconds: 0,
    severity: "ticket",
    page: { title: "Connected hosts", path: "/admin/hosts" },
    meaning:
      "Rows were written while triggers were lost or disabled, or one of our tables was changed by hand.",
    action: "`commonwork connect verify --repair`.",
  },
  {
    name: "MirrorsNotVerified",
    condition: {
      gauge: "commonwork_mirror_verified_age_seconds",
      isAge: true,
      take: "max",
      is: ">",
      threshold: 36 * HOUR_S,
    },
    forSeconds: HOUR_S,
    severity: "ticket",
    page: { title: "Runs of verify-mirrors", path: "/admin/runs?job=verify-mirrors" },
    meaning: "The mirrors were not verified for a day and a half.",
    action: "`commonwork runs --job verify-mirrors` says why.",
  },
];
