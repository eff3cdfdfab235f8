import type { MediaLimits, SizeLimit } from "../scoring/media/limits.ts";
import { PREVIEW_PARTS, type PreviewPart, type PreviewParts } from "../scoring/media/previews.ts";
import { defineArea } from "./area.ts";
import { optional, someOf, textMatching, url, whole, withDefault, yesNo } from "./fields.ts";

/** Where media files are. Not for jobs: it may hold credentials. */
export type MediaStoreConfig =
  | { readonly kind: "folder"; readonly folder: string }
  | {
      readonly kind: "s3";
      readonly bucket: string;
      /** Put before every key; empty, or with a trailing slash. */
      readonly prefix: string;
      readonly region: string;
      /** Null: that of AWS. */
      readonly endpoint: string | null;
      /** Null: the SDK finds them (environment, profile, instance role). */
      readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | null;
    };

const size = (fallback: string) =>
  withDefault(fallback, {
    rule: "a width and height in pixels, such as 3840x2160",
    parse: (written): SizeLimit | undefined => {
      const [, width, height] = /^([1-9]\d{0,4})x([1-9]\d{0,4})$/i.exec(written) ?? [];
      return width && height ? { width: Number(width), height: Number(height) } : undefined;
    },
  });

const MIB = 1024 * 1024;

export const media = defineArea({
  title: "Media",
  variables: {
    MEDIA_FOLDER: optional.describe(
      "The folder that media files are read from. Unset, and without `MEDIA_S3_BUCKET`: media are not checked.",
    ),
    MEDIA_S3_BUCKET: optional.describe(
      "The bucket that media files are read from, on S3 or a compatible server, instead of `MEDIA_FOLDER`.",
    ),
    MEDIA_S3_PREFIX: textMatching(
      "",
      /^$|^(?!\/)[\w!.*'()/-]{1,200}$/,
      "up to 200 letters, digits and the signs !_.*'()/-, without a leading slash",
    ).describe("Put before every storage key."),
    MEDIA_S3_REGION: textMatching("us-east-1", /^[\w-]{1,50}$/, "the name of a region").describe(
      "The region of the bucket.",
    ),
    MEDIA_S3_ENDPOINT: url("https", "http").describe(
      "Address of an S3-compatible server, which is asked with the bucket in the path. Unset: that of AWS.",
    ),
    MEDIA_S3_ACCESS_KEY_ID: optional.describe(
      "Credentials, with `MEDIA_S3_SECRET_ACCESS_KEY`. Unset: those of the machine, as the AWS SDK finds them.",
    ),
    MEDIA_S3_SECRET_ACCESS_KEY: optional.describe("Secret of those credentials."),
    MEDIA_MAX_SECONDS: whole(180, 1, 86_400).describe("Longer video and audio is rejected."),
    MEDIA_VIDEO_MAX_SIZE: size("3840x2160").describe(
      "Videos with more pixels on the longer or the shorter side are rejected.",
    ),
    MEDIA_IMAGE_MAX_SIZE: size("8192x8192").describe("The same for images."),
    MEDIA_IMAGE_MAX_MIB: whole(32, 1, 256).describe("Larger image files, in MiB, are rejected unread."),
    MEDIA_PREVIEWS: someOf(PREVIEW_PARTS).describe(
      "What a check makes of a file beside its metadata, separated by commas: `thumbhash` and `thumbnail` of images, `waveform` of sounds.",
    ),
    MEDIA_DELETE_ORPHANS: yesNo.describe(
      "`true` lets `media-orphan-cleanup` delete records and files that nothing refers to for 24 hours. Otherwise it counts them.",
    ),
  },
  read: (v) => ({
    mediaStore: storeOf(v),
    media: {
      /** Whether there is a store. */
      isStored: storeOf(v) !== null,
      limits: {
        maxSeconds: v.MEDIA_MAX_SECONDS,
        video: v.MEDIA_VIDEO_MAX_SIZE,
        image: v.MEDIA_IMAGE_MAX_SIZE,
        imageBytes: v.MEDIA_IMAGE_MAX_MIB * MIB,
      } satisfies MediaLimits,
      previews: previewParts(v.MEDIA_PREVIEWS),
      deleteOrphans: v.MEDIA_DELETE_ORPHANS,
    },
  }),
  faults: (written) => [
    ...(written.MEDIA_FOLDER !== undefined && written.MEDIA_S3_BUCKET !== undefined
      ? ["MEDIA_FOLDER and MEDIA_S3_BUCKET exclude each other"]
      : []),
    ...((written.MEDIA_S3_ACCESS_KEY_ID === undefined) !== (written.MEDIA_S3_SECRET_ACCESS_KEY === undefined)
      ? ["MEDIA_S3_ACCESS_KEY_ID and MEDIA_S3_SECRET_ACCESS_KEY must be set together"]
      : []),
  ],
});

const previewParts = (names: readonly PreviewPart[]): PreviewParts => ({
  thumbhash: names.includes("thumbhash"),
  thumbnail: names.includes("thumbnail"),
  waveform: names.includes("waveform"),
});

type StoreValues = {
  readonly MEDIA_FOLDER: string | undefined;
  readonly MEDIA_S3_BUCKET: string | undefined;
  readonly MEDIA_S3_PREFIX: string;
  readonly MEDIA_S3_REGION: string;
  readonly MEDIA_S3_ENDPOINT: string | undefined;
  readonly MEDIA_S3_ACCESS_KEY_ID: string | undefined;
  readonly MEDIA_S3_SECRET_ACCESS_KEY: string | undefined;
};

function storeOf(v: StoreValues): MediaStoreConfig | null {
  if (v.MEDIA_FOLDER !== undefined) return { kind: "folder", folder: v.MEDIA_FOLDER };
  if (v.MEDIA_S3_BUCKET === undefined) return null;
  const { MEDIA_S3_ACCESS_KEY_ID: accessKeyId, MEDIA_S3_SECRET_ACCESS_KEY: secretAccessKey } = v;
  return {
    kind: "s3",
    bucket: v.MEDIA_S3_BUCKET,
    prefix: v.MEDIA_S3_PREFIX === "" ? "" : `${v.MEDIA_S3_PREFIX.replace(/\/+$/, "")}/`,
    region: v.MEDIA_S3_REGION,
    endpoint: v.MEDIA_S3_ENDPOINT ?? null,
    credentials: accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : null,
  };
}
