/** Coordinates in degrees. */
export type Location = { readonly latitude: number; readonly longitude: number };

/** IUGG mean radius. */
export const EARTH_KM = 6_371.0088;

/** The location of two columns; null where either is. */
export const locationOf = ({
  latitude,
  longitude,
}: {
  readonly latitude: number | null;
  readonly longitude: number | null;
}): Location | null => (latitude === null || longitude === null ? null : { latitude, longitude });

/**
 * The size of a cell of the grid, about 2 km. The columns `grid_latitude` and `grid_longitude` of
 * `volunteers` are computed with it by Postgres.
 */
const CELL_DEGREES = 0.02;

const snap = (degrees: number): number => Math.floor(degrees / CELL_DEGREES + 0.5) * CELL_DEGREES;

/**
 * degrees = floor(degrees / 0.02 + 0.5) x 0.02, for both coordinates: the location of a person that scores,
 * lists and explanations use. However many distances somebody collects, they learn no more than the cell.
 */
export const onGrid = ({ latitude, longitude }: Location): Location => ({
  latitude: snap(latitude),
  longitude: snap(longitude),
});

const BOUNDS_KM = [2, 5, 10, 25, 50, 100] as const;

/** A distance as shown to people: `within 2 km`, `5 to 10 km away`, `more than 100 km away`. */
export function distanceText(km: number): string {
  const above = BOUNDS_KM.findIndex((bound) => km <= bound);
  if (above === 0) return `within ${BOUNDS_KM[0]} km`;
  if (above === -1) return `more than ${BOUNDS_KM.at(-1)} km away`;
  return `${BOUNDS_KM[above - 1]} to ${BOUNDS_KM[above]} km away`;
}
