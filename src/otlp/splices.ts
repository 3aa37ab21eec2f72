// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

interface Splice {
  readonly start: number
  end: number
  /** What stands there instead: bytes, or a number as a varint. */
  readonly content: Uint8Array | number
}

const NOTHING = new Uint8Array(0)

/**
 * Pieces of a protobuf message that are to be replaced, noted on a walk from its start to its
 * end. What changes its length changes the lengths of all messages around it: each method tells
 * by how much, for the walk to hand outwards. Nothing is copied before `applyTo`.
 *
 * @example
 * const delta = splices.refill(prefixStart, start, end, Buffer.from('[REDACTED]'))
 * return splices.resize(outerPrefixStart, outerStart, outerEnd, delta)
 */
export class Splices {
  readonly #splices: Splice[] = []
  #delta = 0

  /** Leaves out what lies from `start` to `end`, with whatever was noted inside of it. */
  remove(start: number, end: number): number {
    for (
      let last = this.#splices.at(-1);
      last && last.start >= start;
      last = this.#splices.at(-1)
    ) {
      this.#splices.pop()
      this.#delta -= lengthOf(last.content) - (last.end - last.start)
    }
    const last = this.#splices.at(-1)
    if (last?.end !== start || last.content !== NOTHING) return this.#replace(start, end, NOTHING)
    // Items that go mostly stand in rows.
    last.end = end
    this.#delta -= end - start
    return start - end
  }

  /**
   * Gives a length-delimited field other content.
   *
   * @param prefixStart where its length stands, behind the tag
   * @param start where its content does, up to `end`
   */
  refill(prefixStart: number, start: number, end: number, content: Uint8Array): number {
    const delta = this.#replace(prefixStart, start, content.length)
    return delta + this.#replace(start, end, content)
  }

  /** Says that the content of a length-delimited field, from `start` to `end`, grew by `delta` bytes. */
  resize(prefixStart: number, start: number, end: number, delta: number): number {
    if (delta === 0) return 0
    return delta + this.#replace(prefixStart, start, end - start + delta)
  }

  /** A copy of the message as it was noted; the very object if nothing was. */
  applyTo(body: Uint8Array): Uint8Array {
    if (this.#splices.length === 0) return body
    // A message's length is noted behind what it holds, and stands before it.
    this.#splices.sort((a, b) => a.start - b.start)
    const from = Buffer.from(body.buffer, body.byteOffset, body.length)
    const to = Buffer.allocUnsafe(body.length + this.#delta)
    let read = 0
    let written = 0
    for (const { start, end, content } of this.#splices) {
      written += from.copy(to, written, read, start)
      written += write(content, to, written)
      read = end
    }
    from.copy(to, written, read)
    return to
  }

  #replace(start: number, end: number, content: Uint8Array | number): number {
    this.#splices.push({ start, end, content })
    const delta = lengthOf(content) - (end - start)
    this.#delta += delta
    return delta
  }
}

function lengthOf(content: Uint8Array | number): number {
  if (typeof content !== 'number') return content.length
  let length = 1
  for (let rest = content; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++
  return length
}

/** Returns how many bytes it wrote. */
function write(content: Uint8Array | number, to: Buffer, start: number): number {
  if (typeof content !== 'number') {
    to.set(content, start)
    return content.length
  }
  let at = start
  let rest = content
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) to[at++] = (rest % 0x80) + 0x80
  to[at++] = rest
  return at - start
}
