import { defineArea } from "./area.ts";
import { whole } from "./fields.ts";

export const search = defineArea({
  title: "Search for people",
  variables: {
    SEARCHABLE_COMPLETENESS: whole(60, 0, 100).describe(
      "How complete a profile must be to be found, of 100: a photo counts 30, a bio of 80 characters 25, a location, three interests and a birth date 15 each.",
    ),
  },
  read: (v) => ({
    search: {
      /** The least completeness of a searchable profile. */
      completeness: v.SEARCHABLE_COMPLETENESS,
    },
  }),
});
