import type { JobType, RemoteType } from "../../ports/postings/clean-posting.ts";

/** A posting of an employer of the demo. */
export type BoardPosting = {
  /** The source that lists it. */
  readonly source: string;
  readonly id: string;
  readonly title: string;
  readonly company: string;
  readonly place: string;
  readonly work: RemoteType;
  readonly time: Extract<JobType, "full-time" | "part-time">;
  /** Yearly; null: not stated. */
  readonly pay: { readonly min: number; readonly max: number; readonly currency: string } | null;
  readonly hoursAgo: number;
  readonly text: string;
};

type Row = Omit<BoardPosting, "pay" | "source"> & { readonly pay?: readonly [number, number, string] };

const listedBy = (source: string, ...postings: readonly Row[]): BoardPosting[] =>
  postings.map(({ pay, ...posting }) => ({
    ...posting,
    source,
    pay: pay ? { min: pay[0], max: pay[1], currency: pay[2] } : null,
  }));

const remote = { place: "Europe", work: "remote", time: "full-time" } as const;
const onsite = { work: "onsite", time: "full-time" } as const;

const BACKEND_DEVELOPER: Row = {
  ...remote,
  id: "5100101",
  title: "Backend Developer",
  company: "Civic Data Lab",
  pay: [62_000, 74_000, "EUR"],
  hoursAgo: 20,
  text: "We publish the budgets of 340 municipalities as open data. You build our import pipelines and the public API in TypeScript on Node.js, model data in PostgreSQL, and keep Redis queues short on election nights. We review each other's code, write tests first and deploy with Docker and GitHub Actions.",
};

/**
 * The postings of the job boards of the demo. Civic Data Lab also lists one of its postings on an aggregator.
 */
export const BOARD_POSTINGS: readonly BoardPosting[] = [
  ...listedBy(
    "greenhouse",
    BACKEND_DEVELOPER,
    {
      ...remote,
      id: "5100102",
      title: "Data Engineer",
      company: "Civic Data Lab",
      pay: [60_000, 76_000, "EUR"],
      hoursAgo: 9,
      text: "You move millions of rows a day from paper-shaped spreadsheets into PostgreSQL. You write Python and SQL, schedule with Airflow, and document what every column means. Experience with dbt and data quality checks helps.",
    },
    {
      ...onsite,
      place: "Berlin, Germany",
      id: "5100103",
      title: "Office Manager",
      company: "Civic Data Lab",
      time: "part-time",
      hoursAgo: 31,
      text: "You run our office of eighteen: bookkeeping with DATEV, travel, onboarding of new colleagues and the kitchen rota. You speak German and English.",
    },
  ),
  ...listedBy(
    "lever",
    {
      ...onsite,
      place: "Utrecht, Netherlands",
      id: "0b1c2d3e-0000-4000-8000-000000000101",
      title: "Community Manager",
      company: "Green Streets",
      pay: [38_000, 44_000, "EUR"],
      hoursAgo: 5,
      text: "You look after 1,200 volunteers who plant and water street trees. You plan events, write the newsletter, run our social media and coordinate with the city. Public speaking and project management are part of every week.",
    },
    {
      ...onsite,
      place: "Utrecht, Netherlands",
      id: "0b1c2d3e-0000-4000-8000-000000000102",
      title: "Gardening Instructor",
      company: "Green Streets",
      time: "part-time",
      hoursAgo: 26,
      text: "You teach beginners how to plant, prune and water trees in narrow streets. Gardening experience, first aid and a driving licence are needed.",
    },
  ),
  ...listedBy(
    "ashby",
    {
      ...remote,
      id: "9d000000-0000-4000-8000-000000000101",
      title: "Data Analyst",
      company: "Open City",
      pay: [48_000, 57_000, "EUR"],
      hoursAgo: 7,
      text: "You answer questions about buses, benches and budgets. You query with SQL, analyse with Python and pandas, and build dashboards in Tableau that a mayor understands. You explain statistics without jargon.",
    },
    {
      ...remote,
      id: "9d000000-0000-4000-8000-000000000102",
      title: "Frontend Developer",
      company: "Open City",
      pay: [54_000, 66_000, "EUR"],
      hoursAgo: 15,
      text: "You build accessible maps and forms with React, TypeScript and CSS. You test with a screen reader, care about loading times on old phones, and work closely with our designer in Figma.",
    },
  ),
  ...listedBy(
    "remotive",
    { ...BACKEND_DEVELOPER, id: "1900101", hoursAgo: 12 },
    {
      ...remote,
      id: "1900102",
      title: "Senior TypeScript Developer",
      company: "Harbour Tickets",
      pay: [70_000, 85_000, "EUR"],
      hoursAgo: 11,
      text: "You own the checkout of a ticket shop for small theatres. Node.js, PostgreSQL, Redis and Kubernetes; you are on call one week in six. Mentoring is part of the role.",
    },
    {
      ...remote,
      id: "1900103",
      title: "Content Marketing Specialist",
      company: "Leaf and Letter",
      hoursAgo: 17,
      text: "You plan and write articles about indoor plants: SEO, copywriting, a newsletter of 40,000 readers and a bit of photography.",
    },
  ),
  ...listedBy(
    "remoteok",
    {
      ...remote,
      id: "300101",
      title: "Site Reliability Engineer",
      company: "Tidewater Hosting",
      pay: [80_000, 105_000, "USD"],
      hoursAgo: 4,
      text: "You keep four thousand small web sites up. Linux, Terraform, Kubernetes, Prometheus and PostgreSQL; incident reviews without blame.",
    },
    {
      ...remote,
      id: "300102",
      title: "Customer Support Agent",
      company: "Tidewater Hosting",
      hoursAgo: 22,
      text: "You answer customers by e-mail and chat in plain English, write help articles in Zendesk and tell engineers what confuses people.",
    },
  ),
  ...listedBy(
    "adzuna",
    {
      ...onsite,
      place: "Bristol, South West England",
      id: "4900101",
      title: "Fundraising Lead",
      company: "River Trust",
      pay: [41_000, 47_000, "GBP"],
      hoursAgo: 6,
      text: "You raise two million pounds a year for clean rivers: grant writing, donor relations, major gifts and budgeting. You lead a team of three and report to the trustees. Experience with Salesforce helps.",
    },
    {
      ...onsite,
      place: "Leeds, Yorkshire",
      id: "4900102",
      title: "Volunteer Coordinator",
      company: "Northern Food Banks",
      pay: [27_000, 30_000, "GBP"],
      hoursAgo: 28,
      text: "You recruit, train and schedule 300 volunteers in nine food banks. You plan events, keep records in Excel, and make sure that everybody is thanked.",
    },
  ),
  ...listedBy(
    "arbeitnow",
    {
      ...onsite,
      place: "Hamburg",
      id: "koch-hafenkueche-hamburg-7101",
      title: "Koch (m/w/d)",
      company: "Hafenküche e. V.",
      hoursAgo: 8,
      text: "Du kochst mit Freiwilligen täglich 400 Mahlzeiten. Erfahrung in der Gemeinschaftsverpflegung und ein Führerschein sind von Vorteil.",
    },
    {
      ...onsite,
      work: "hybrid",
      place: "München",
      id: "buchhalter-stadtgarten-7102",
      title: "Accountant",
      company: "Stadtgarten gGmbH",
      hoursAgo: 19,
      text: "Bookkeeping, annual accounts and grant reporting for a charity with forty employees. You work with DATEV and Excel, and know German tax law for charities.",
    },
  ),
  ...listedBy(
    "jsonld",
    {
      ...onsite,
      place: "Ghent",
      id: "b-12",
      title: "Carpenter",
      company: "Mill and Oak",
      time: "part-time",
      hoursAgo: 10,
      text: "You build raised beds and benches with school classes. Carpentry, patience, and first aid training.",
    },
    {
      ...onsite,
      place: "Ghent",
      id: "b-13",
      title: "Grant Writer",
      company: "Mill and Oak",
      time: "part-time",
      hoursAgo: 10,
      text: "You find foundations that pay for tools and teachers, write the applications and the reports. Grant writing, budgeting and clear English.",
    },
  ),
];
