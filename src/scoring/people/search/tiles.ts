import { EARTH_KM, type Location } from "../../distance.ts";

// Divides the earth into tiles, so that everything within a radius of a location lies in a few of them.

/** Degrees of the sides of a tile: about 28 km, and 220 km for large radii. */
const TILE = 0.25;
export const WIDE_TILE = 2;
/** From this radius on wide tiles are used. */
const WIDE_FROM_KM = 100;

const KM_PER_DEGREE = (Math.PI * EARTH_KM) / 180;
/** Against rounding at the border of a tile. */
const SLACK_DEGREES = 1e-6;

/** The name of the tile with a place. Small and wide tiles have different names. */
export function tileOf(latitude: number, longitude: number, size = TILE): string {
  return nameOf(Math.floor(latitude / size), Math.floor(longitude / size), size);
}

/** Longitude -180 is 180. */
function nameOf(row: number, column: number, size: number): string {
  const columns = 360 / size;
  const wrapped = (((column + columns / 2) % columns) + columns) % columns;
  return `${size === TILE ? "" : "w"}${row}_${wrapped - columns / 2}`;
}

/** All tiles that may contain places within a radius. */
export function tilesWithin({ latitude, longitude }: Location, radiusKm: number): string[] {
  const size = radiusKm < WIDE_FROM_KM ? TILE : WIDE_TILE;
  const reach = radiusKm / KM_PER_DEGREE + SLACK_DEGREES;
  const north = latitude + reach;
  const south = latitude - reach;
  const tiles = new Set<string>();
  const width = reachOfLongitude(latitude, radiusKm);
  const [west, columns] =
    width === null
      ? [Math.floor(-180 / size), 360 / size]
      : [
          Math.floor((longitude - width) / size),
          Math.floor((longitude + width) / size) - Math.floor((longitude - width) / size) + 1,
        ];
  for (let row = Math.floor(south / size); row <= Math.floor(north / size); row++)
    for (let n = 0; n < Math.min(columns, 360 / size); n++) tiles.add(nameOf(row, west + n, size));
  return [...tiles];
}

/** Degrees of longitude that a radius spans at most; null if it contains a pole. */
function reachOfLongitude(latitude: number, radiusKm: number): number | null {
  const angle = radiusKm / EARTH_KM;
  const ratio = Math.sin(angle) / Math.cos((latitude * Math.PI) / 180);
  return Math.abs(ratio) >= 1 ? null : (Math.asin(ratio) * 180) / Math.PI + SLACK_DEGREES;
}
