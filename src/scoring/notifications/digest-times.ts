/** When daily and weekly digests are sent unless the user says otherwise: at 8:00, weekly ones on Monday. */
export const USUAL_DIGEST = { hour: 8, day: 1 } as const;
