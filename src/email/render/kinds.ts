/** How one type of event is told in e-mail. */
export type EmailWording = {
  /** Its heading in a digest. */
  readonly section: string;
  /** What the button of a letter about one such thing says. */
  readonly action: string;
  /** Why somebody gets it: follows "You get this because". */
  readonly because: string;
  /** What is unsubscribed from: follows "e-mail about". */
  readonly about: string;
  /** So many of them stand in the plain text; HTML has room for more. */
  readonly textItems: number;
};

const TEXT_ITEMS = 5;

const kind = (section: string, action: string, because: string, about: string, textItems = TEXT_ITEMS) => ({
  section,
  action,
  because,
  about,
  textItems,
});

/** The words of types that have better ones than the general words below. */
const KINDS: Readonly<Record<string, EmailWording>> = {
  document_uploaded: kind("Documents", "Open the document", "you can see this document", "new documents"),
  thread_unread_stale: kind(
    "Unread conversations",
    "Read the conversation",
    "you take part in this conversation",
    "unread conversations",
    3,
  ),
  resume_incomplete_nudge: kind(
    "Profiles to complete",
    "Complete the profile",
    "you own this project",
    "incomplete profiles",
  ),
  invite_accepted: kind("New members", "See the team", "you own this organization", "accepted invitations"),
  project_access_granted: kind("Access", "Open the project", "you were given access", "access to projects"),
  project_access_changed: kind("Access", "Open the project", "your access has changed", "access to projects"),
  chat_thread_participant_added: kind(
    "Conversations",
    "Open the conversation",
    "you were added to a conversation",
    "new conversations",
  ),
  "budget.awarded": kind("Awards", "See your award", "you won a share of a budget", "awards"),
  "candidate.matched": kind("Matches", "See the project", "your skills fit this project", "matches"),
  "lead.candidates_found": kind("Candidates", "See the candidates", "you lead this project", "candidates"),
  "recommendations.ready": kind(
    "Recommendations",
    "See your recommendations",
    "you asked for recommendations",
    "recommendations",
  ),
  "calendar.action_required": kind(
    "Calendar",
    "Connect again",
    "your calendar is connected with Commonwork",
    "your calendar connection",
  ),
};

/** A type without words of its own is told in general ones, so that a new type needs nothing here. */
const GENERAL = kind("News", "Open", "it concerns you", "this");

export const kindOf = (eventType: string): EmailWording => KINDS[eventType] ?? GENERAL;
