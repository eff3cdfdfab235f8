import type { Language } from "./language.ts";

/**
 * German. Readers are addressed as "Sie". Words in place of a missing name have the grammatical case that the
 * texts around them need.
 */
export const language: Language = {
  tag: "de",
  direction: "ltr",
  texts: {
    common: {
      someone: "Jemand",
    },
    email: {
      email: "E-Mail",
      hello: "Guten Tag,",
      helloName: "Guten Tag {name},",
      settings: "Benachrichtigungseinstellungen ändern",
      unsubscribe: "E-Mails über {about} abbestellen",
      unsubscribeAll: "Alle E-Mails abbestellen",
    },
    digest: {
      hourly: "Das ist neu für Sie.",
      daily: "Das ist seit gestern passiert.",
      weekly: "Das ist in dieser Woche passiert.",
      hourlyReason:
        "Sie erhalten diese stündliche Zusammenfassung aufgrund Ihrer Benachrichtigungseinstellungen.",
      dailyReason:
        "Sie erhalten diese tägliche Zusammenfassung aufgrund Ihrer Benachrichtigungseinstellungen.",
      weeklyReason:
        "Sie erhalten diese wöchentliche Zusammenfassung aufgrund Ihrer Benachrichtigungseinstellungen.",
      yours: "{count} Neuigkeiten für Sie",
      inProject: "{count} Neuigkeiten in {project}",
      inProjectAndMore: "{count} Neuigkeiten, unter anderem in {project}",
      inProjects: "{count} Neuigkeiten in {projects} Projekten",
      inProjectsAndMore: "{count} Neuigkeiten, unter anderem in {projects} Projekten",
      headline: "{title} und {count} weitere",
      forYou: "Für Sie",
      more: "und {count} weitere",
      moreInProjects: {
        projects: {
          one: "und {count} weitere in einem anderen Projekt",
          other: "und {count} weitere in {projects} anderen Projekten",
        },
      },
      viewAll: "Alle ansehen",
    },
    unsubscribe: {
      confirmTitle: "E-Mails abbestellen?",
      confirm:
        "Sie erhalten dann keine E-Mails mehr über {about}. Benachrichtigungen in der App bleiben unverändert.",
      confirmAll:
        "Sie erhalten dann keine E-Mails mehr von uns, außer solchen, die wir senden müssen. Benachrichtigungen in der App bleiben unverändert.",
      unsubscribe: "Abbestellen",
      doneTitle: "Abbestellt",
      done: "Sie erhalten keine E-Mails mehr über {about}.",
      doneAll: "Sie erhalten keine E-Mails mehr von uns, außer solchen, die wir senden müssen.",
      usedTitle: "Bereits abbestellt",
      used: "Über diesen Link haben Sie E-Mails über {about} bereits abbestellt. Falls Sie sie inzwischen wieder beziehen, können Sie sie erneut abbestellen.",
      usedAll:
        "Über diesen Link haben Sie bereits alle E-Mails von uns abbestellt, außer solchen, die wir senden müssen. Falls Sie sie inzwischen wieder beziehen, können Sie sie erneut abbestellen.",
      again: "Erneut abbestellen",
      unknownTitle: "Ungültiger Link",
      unknown: "Der Link ist unvollständig oder wurde widerrufen.",
      settings: "Benachrichtigungseinstellungen",
      unknownAbout: "dieses Thema",
    },
    "budget.awarded": {
      section: "Prämien",
      button: "Prämie ansehen",
      reason: "Sie erhalten diese E-Mail, weil Sie einen Anteil an einem Budget gewonnen haben.",
      about: "Prämien",
      title: "Sie haben {amount} Token gewonnen",
      daily: "Im Tagesbudget vom {day} haben Sie Platz {rank} erreicht und **{amount}** Token gewonnen.",
      weekly: "Im Wochenbudget ab {day} haben Sie Platz {rank} erreicht und **{amount}** Token gewonnen.",
      monthly: "Im Monatsbudget ab {day} haben Sie Platz {rank} erreicht und **{amount}** Token gewonnen.",
    },
    "calendar.action_required": {
      section: "Kalender",
      button: "Neu verbinden",
      reason: "Sie erhalten diese E-Mail, weil Ihr Kalender mit Commonwork verbunden ist.",
      about: "Ihre Kalenderverbindung",
      title: "Bitte verbinden Sie {calendar} neu",
      body: "Wir können {calendar} nicht mehr lesen. Ihre Besprechungen werden erst wieder aktualisiert, wenn Sie die Verbindung erneuert haben.",
    },
    "candidate.matched": {
      section: "Passende Projekte",
      button: "Projekt ansehen",
      reason: "Sie erhalten diese E-Mail, weil Ihre Fähigkeiten zu diesem Projekt passen.",
      about: "passende Projekte",
      wanted: "{project} sucht jemanden wie Sie",
      fit: "Sie passen zu {project}",
      aProject: "Projekt ohne Namen",
      body: "Ihre Fähigkeiten passen zu **{project}**.",
      withScore: "Ihre Fähigkeiten stimmen zu {score} mit den Anforderungen von **{project}** überein.",
      withSkills: "Ihre Fähigkeiten passen zu **{project}**. Übereinstimmungen: {skills}.",
      withBoth:
        "Ihre Fähigkeiten stimmen zu {score} mit den Anforderungen von **{project}** überein. Übereinstimmungen: {skills}.",
      skill: "**{name}**",
    },
    chat_message_sent: {
      counted: {
        count: { one: "{count} neue Nachricht in {thread}", other: "{count} neue Nachrichten in {thread}" },
      },
      mentioned: "{actor} hat Sie in {thread} erwähnt",
      quoted: "**{actor}**: {message}",
      aThread: "einer Unterhaltung",
    },
    chat_thread_participant_added: {
      section: "Unterhaltungen",
      button: "Unterhaltung öffnen",
      reason: "Sie erhalten diese E-Mail, weil Sie zu einer Unterhaltung hinzugefügt wurden.",
      about: "neue Unterhaltungen",
      title: "Sie wurden zu {thread} hinzugefügt",
      body: "**{actor}** hat Sie zu **{thread}** hinzugefügt.",
      aThread: "einer Unterhaltung",
    },
    "commission.earned": {
      title: "Sie haben {amount} Token verdient",
      body: "Ein Token-Verkauf an eine über Sie geworbene Person (Ebene {level}) hat Ihnen **{amount}** Token eingebracht.",
    },
    "commission.held": {
      title: "Provisionen für Verkauf {sale} sind zurückgestellt",
      body: "**{amount}** Token warten auf Ihre Prüfung: {reasons}.",
    },
    document_permission_changed: {
      title: "Sie können {document} jetzt bearbeiten",
      body: "**{actor}** hat Ihnen das Recht gegeben, **{document}** zu bearbeiten.",
      aDocument: "ein Dokument",
    },
    document_permission_granted: {
      title: "Sie haben jetzt Zugriff auf {document}",
      view: "**{actor}** hat **{document}** für Sie freigegeben. Sie können das Dokument ansehen.",
      edit: "**{actor}** hat **{document}** für Sie freigegeben. Sie können das Dokument bearbeiten.",
      aDocument: "ein Dokument",
    },
    document_uploaded: {
      section: "Dokumente",
      button: "Dokument öffnen",
      reason: "Sie erhalten diese E-Mail, weil Sie Zugriff auf dieses Dokument haben.",
      about: "neue Dokumente",
      title: "Neues Dokument in {project}: {document}",
      body: "**{actor}** hat **{document}** in **{project}** hochgeladen.",
      aDocument: "ein Dokument",
      aProject: "einem Projekt",
    },
    invite_accepted: {
      section: "Neue Mitglieder",
      button: "Team ansehen",
      reason: "Sie erhalten diese E-Mail, weil Sie diese Organisation verwalten.",
      about: "angenommene Einladungen",
      title: "{member} ist {organization} beigetreten",
      body: "**{member}** hat die Einladung zu **{organization}** angenommen.",
      yourOrganization: "Ihrer Organisation",
    },
    "lead.candidates_found": {
      section: "Passende Personen",
      button: "Personen ansehen",
      reason: "Sie erhalten diese E-Mail, weil Sie dieses Projekt leiten.",
      about: "passende Personen",
      title: {
        count: {
          one: "{count} passende Person für {project}",
          other: "{count} passende Personen für {project}",
        },
      },
      body: {
        count: {
          one: "**{count} Person** mit passenden Fähigkeiten für **{project}**.",
          other: "**{count} Personen** mit passenden Fähigkeiten für **{project}**.",
        },
      },
      listed: {
        count: {
          one: "**{count} Person** mit passenden Fähigkeiten für **{project}**: {candidates}.",
          other: "**{count} Personen** mit passenden Fähigkeiten für **{project}**: {candidates}.",
        },
      },
      candidate: "**{name}** ({score})",
      yourProject: "Ihr Projekt",
    },
    meeting_invited: {
      title: "Einladung zu {meeting}",
      body: "**{actor}** hat Sie zu **{meeting}** eingeladen.",
      withStart: "**{actor}** hat Sie zu **{meeting}** eingeladen. Beginn: {start}.",
      aMeeting: "einer Besprechung",
    },
    meeting_reminder: {
      title: {
        minutes: {
          one: "{meeting} beginnt in {minutes} Minute",
          other: "{meeting} beginnt in {minutes} Minuten",
        },
      },
      body: {
        minutes: {
          one: "**{meeting}** beginnt in {minutes} Minute: {start}.",
          other: "**{meeting}** beginnt in {minutes} Minuten: {start}.",
        },
      },
      yourMeeting: "Ihre Besprechung",
    },
    meeting_updated: {
      cancelled: "Abgesagt: {meeting}",
      cancelledBody: "**{actor}** hat **{meeting}** abgesagt.",
      cancelledWithStart: "**{actor}** hat **{meeting}** abgesagt ({start}).",
      newTime: "{meeting}: neuer Termin",
      newParticipants: "{meeting}: andere Teilnehmende",
      newDetails: "{meeting}: Angaben geändert",
      time: "**{actor}** hat **{meeting}** verlegt.",
      timeWithStart: "**{actor}** hat **{meeting}** verlegt. Neuer Beginn: {start}.",
      timeAndParticipants: "**{actor}** hat **{meeting}** verlegt und die Teilnehmenden geändert.",
      timeAndParticipantsWithStart:
        "**{actor}** hat **{meeting}** verlegt und die Teilnehmenden geändert. Neuer Beginn: {start}.",
      participants: "**{actor}** hat für **{meeting}** die Teilnehmenden geändert.",
      details: "**{actor}** hat für **{meeting}** Angaben geändert.",
      aMeeting: "eine Besprechung",
    },
    project_access_changed: {
      section: "Zugriff",
      button: "Projekt öffnen",
      reason: "Sie erhalten diese E-Mail, weil sich Ihr Zugriff geändert hat.",
      about: "den Zugriff auf Projekte",
      title: "Ihr Zugriff auf {project} wurde geändert",
      view: "**{actor}** hat Ihren Zugriff auf **{project}** geändert. Sie können das Projekt jetzt ansehen.",
      edit: "**{actor}** hat Ihren Zugriff auf **{project}** geändert. Sie können das Projekt jetzt bearbeiten.",
      aProject: "ein Projekt",
    },
    project_access_granted: {
      section: "Zugriff",
      button: "Projekt öffnen",
      reason: "Sie erhalten diese E-Mail, weil Sie Zugriff erhalten haben.",
      about: "den Zugriff auf Projekte",
      title: "Sie haben jetzt Zugriff auf {project}",
      view: "**{actor}** hat Ihnen Zugriff auf **{project}** gegeben. Sie können das Projekt ansehen.",
      edit: "**{actor}** hat Ihnen Zugriff auf **{project}** gegeben. Sie können das Projekt bearbeiten.",
      aProject: "ein Projekt",
    },
    "recommendations.ready": {
      section: "Empfehlungen",
      button: "Empfehlungen ansehen",
      reason: "Sie erhalten diese E-Mail, weil Sie einen Lebenslauf auf der Plattform haben.",
      about: "Stellenempfehlungen",
      title: {
        count: { one: "{count} neue Empfehlung für Sie", other: "{count} neue Empfehlungen für Sie" },
      },
      body: {
        count: {
          one: "Wir haben **{count} neue Empfehlung** für Sie gefunden.",
          other: "Wir haben **{count} neue Empfehlungen** für Sie gefunden.",
        },
      },
      listed: {
        count: {
          one: "Wir haben **{count} neue Empfehlung** für Sie gefunden: {best}.",
          other: "Wir haben **{count} neue Empfehlungen** für Sie gefunden: {best}.",
        },
      },
      posting: "**{title}** bei {company} ({score})",
      aJob: "Stelle ohne Titel",
      aCompany: "einem Unternehmen",
    },
    resume_incomplete_nudge: {
      section: "Unvollständige Profile",
      button: "Profil vervollständigen",
      reason: "Sie erhalten diese E-Mail, weil Ihnen dieses Projekt gehört.",
      about: "unvollständige Profile",
      project: "Das Projektprofil von {project} ist zu {completeness} vollständig",
      projectBody:
        "Das Projektprofil von **{project}** ist zu **{completeness}** vollständig. Vollständige Profile werden häufiger gefunden.",
      borrower: "Das Kreditnehmerprofil von {project} ist zu {completeness} vollständig",
      borrowerBody:
        "Das Kreditnehmerprofil von **{project}** ist zu **{completeness}** vollständig. Vollständige Profile werden häufiger gefunden.",
      yourProject: "Ihrem Projekt",
    },
    thread_unread_stale: {
      section: "Ungelesene Unterhaltungen",
      button: "Unterhaltung öffnen",
      reason: "Sie erhalten diese E-Mail, weil Sie an dieser Unterhaltung teilnehmen.",
      about: "ungelesene Unterhaltungen",
      one: {
        unread: {
          one: "{unread} ungelesene Nachricht in {thread}",
          other: "{unread} ungelesene Nachrichten in {thread}",
        },
      },
      oneBody: {
        unread: {
          one: "Sie haben **{unread} ungelesene Nachricht** in **{thread}**.",
          other: "Sie haben **{unread} ungelesene Nachrichten** in **{thread}**.",
        },
      },
      several: "{unread} ungelesene Nachrichten in {threads} Unterhaltungen",
      severalBody: "Sie haben **{unread} ungelesene Nachrichten** in {threads} Unterhaltungen.",
      uncounted: "Ungelesene Nachrichten in {thread}",
      uncountedBody: "Sie haben **ungelesene Nachrichten** in **{thread}**.",
      aThread: "einer Unterhaltung",
    },
  },
};
