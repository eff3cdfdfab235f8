import { CustomSource, FLAC, Input, MATROSKA, MP3, MP4, OGG, QTFF, WAVE, WEBM } from "mediabunny";
import type { ByteReader } from "./byte-reader.ts";

/** No playlists: these would name other files. */
const FORMATS = [MP4, QTFF, MATROSKA, WEBM, MP3, WAVE, OGG, FLAC];

/** Its own cache, in addition to ours. */
const PARSER_CACHE = 1024 * 1024;

/** Opens a video or audio file for `mediabunny`. To be disposed of. */
export const openInput = (bytes: ByteReader): Input =>
  new Input({
    formats: FORMATS,
    source: new CustomSource({
      getSize: () => bytes.size,
      read: (start, end) => bytes.read(start, end - start),
      maxCacheSize: PARSER_CACHE,
    }),
  });
