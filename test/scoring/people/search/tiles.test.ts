import { expect, it } from "vitest";
import { seededRandom } from "../../../../src/random.ts";
import { tileOf, tilesWithin, WIDE_TILE } from "../../../../src/scoring/people/search/tiles.ts";
import { distanceKm } from "../../../../src/scoring/project-matching/match.ts";

const RADII = [5, 10, 25, 50, 100, 250];

it("contain everybody within the radius, at the poles and the date line too", () => {
  const random = seededRandom(3);
  const centers = [
    { latitude: 52.52, longitude: 13.4 },
    { latitude: 89.9, longitude: 10 },
    { latitude: -90, longitude: 0 },
    { latitude: 0, longitude: 179.99 },
    { latitude: -16.5, longitude: -179.98 },
    { latitude: 71, longitude: -180 },
  ];
  let within = 0;
  for (const center of centers)
    for (const radiusKm of RADII) {
      const tiles = new Set(tilesWithin(center, radiusKm));
      const reach = (1.2 * radiusKm) / 111;
      const width = Math.min(180, reach / Math.max(0.001, Math.cos((center.latitude * Math.PI) / 180)));
      for (let n = 0; n < 300; n++) {
        const latitude = Math.max(-90, Math.min(90, center.latitude + (random.next() * 2 - 1) * reach));
        const turned = center.longitude + (random.next() * 2 - 1) * width;
        const longitude = ((((turned + 180) % 360) + 360) % 360) - 180;
        if (distanceKm(center, { latitude, longitude }) > radiusKm) continue;
        within += 1;
        const known =
          tiles.has(tileOf(latitude, longitude)) || tiles.has(tileOf(latitude, longitude, WIDE_TILE));
        expect(known, JSON.stringify({ center, radiusKm, latitude, longitude })).toBe(true);
      }
    }
  expect(within).toBeGreaterThan(2_000);
});

it("are few, save around a pole", () => {
  for (const radiusKm of RADII) {
    expect(tilesWithin({ latitude: 52.52, longitude: 13.4 }, radiusKm).length).toBeLessThan(60);
    expect(tilesWithin({ latitude: 89.9, longitude: 0 }, radiusKm).length).toBeLessThan(10_000);
  }
});

it("are the same at longitude -180 and 180", () => {
  expect(tileOf(10, -180)).toBe(tileOf(10, 180));
});
