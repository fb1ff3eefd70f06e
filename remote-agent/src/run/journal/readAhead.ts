import type { Location } from "./segment.ts";

const CHUNK_BYTES = 2 ** 18;
/** A recipe has a few calls in flight, and their records may lie on two sides of a chunk's end. */
const CHUNKS = 4;

interface Chunk {
  readonly segment: number;
  readonly offset: number;
  readonly end: number;
  readonly bytes: Promise<Buffer>;
}

/**
 * Reads of a segment's durable bytes, a chunk at a time: replay asks for the records of one call after the other, nearly in
 * the journal's order. Durable bytes never change, so a chunk stays true; what is appended later lies behind it.
 */
export class ReadAhead {
  readonly #read: (location: Location) => Promise<Buffer>;
  readonly #durableBytes: (segment: number) => number;
  #chunks: Chunk[] = [];

  constructor(read: (location: Location) => Promise<Buffer>, durableBytes: (segment: number) => number) {
    this.#read = read;
    this.#durableBytes = durableBytes;
  }

  /** The bytes at a location; fewer when the segment is shorter than that. */
  async bytesAt(location: Location): Promise<Buffer> {
    const { offset, length } = location;
    const chunk = this.#chunkWith(location) ?? this.#load(location);
    const bytes = await chunk.bytes;
    return bytes.subarray(offset - chunk.offset, offset - chunk.offset + length);
  }

  #chunkWith({ segment, offset, length }: Location): Chunk | undefined {
    return this.#chunks.find(
      (chunk) => chunk.segment === segment && chunk.offset <= offset && offset + length <= chunk.end,
    );
  }

  #load({ segment, offset, length }: Location): Chunk {
    const end = Math.max(offset + length, Math.min(offset + CHUNK_BYTES, this.#durableBytes(segment)));
    const bytes = this.#read({ segment, offset, length: end - offset });
    const chunk = { segment, offset, end, bytes };
    this.#chunks = [chunk, ...this.#chunks.slice(0, CHUNKS - 1)];
    bytes.catch(() => {
      this.#chunks = this.#chunks.filter((other) => other !== chunk);
    });
    return chunk;
  }
}
