// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { Signal } from '../../otlp/signal'
import { summarizeRequest } from '../../otlp/summarize-request'
import type { ObjectInfo, ObjectStore } from '../../storage/object-store'
import { isStorageError } from '../../storage/storage-error'
import type { FoundBlock } from '../reading/block-walker'
import type { ContentTally } from './content-tally'
import type { Damage, FoundDamage } from '../damage'
import { type ReadSegmentOptions, endsReading, readPieces } from '../reading/segment-reader'
import { parseOwnName, parseSegmentKey } from '../session-keys'
import { verifyBlock } from './verify-block'

export interface VerifyObjectOptions extends Pick<ReadSegmentOptions, 'arrivalOf'> {
  store: ObjectStore
  signal?: AbortSignal
  onDamage: (damage: FoundDamage) => void
}

const HEADLESS =
  'its header can not be read; its content can, as one batch that arrived when the name says'

/**
 * Reads an object once, from its start to its end, inflates and follows all that is
 * in it, and compares it with all that is said of it. What is in it is added to the
 * tally. Rejects when the store was closed, or the signal fired; else what is wrong is reported.
 */
export async function verifyObject(
  object: ObjectInfo,
  tally: ContentTally,
  options: VerifyObjectOptions,
): Promise<void> {
  await new ObjectVerification(object, tally, options).run()
}

class ObjectVerification {
  readonly #object: ObjectInfo
  readonly #tally: ContentTally
  readonly #options: VerifyObjectOptions
  /** What a name like that of our segments promises. */
  readonly #promised: ReturnType<typeof parseOwnName>
  #signal: Signal | undefined

  constructor(object: ObjectInfo, tally: ContentTally, options: VerifyObjectOptions) {
    this.#object = object
    this.#tally = tally
    this.#options = options
    this.#promised = parseOwnName(object.key)
    this.#signal = parseSegmentKey(object.key).signal
  }

  async run(): Promise<void> {
    const read = { ...this.#options, onDamage: (damage: Damage) => this.#lose(damage) }
    for await (const piece of readPieces(this.#object, read)) {
      if (piece.block) {
        await this.#verify(piece.block)
        continue
      }
      const { batch, offsetBytes } = piece
      const summary = summarizeRequest(batch.body, batch.signal)
      this.#tally.add({ ...batch, summary })
      this.#signal ??= batch.signal
      if (this.#promised) this.#disagree(offsetBytes, HEADLESS, batch)
    }
    if (this.#signal) this.#tally.addSegment(this.#signal, this.#object)
  }

  async #verify(block: FoundBlock): Promise<void> {
    const { header, offsetBytes } = block
    this.#signal ??= header.signal
    try {
      const content = await verifyBlock(block)
      for (const batch of content.batches) this.#tally.add(batch)
      const disagreements = [...content.disagreements, ...this.#nameDisagreements(block)]
      if (disagreements.length > 0) this.#disagree(offsetBytes, disagreements.join('; '), header)
      if (content.malformed.length > 0) {
        const [message, itemCount] = [content.malformed.join('; '), content.malformedItems]
        this.#lose({ ...this.#at(offsetBytes, header), reason: 'malformed', message, itemCount })
      }
    } catch (error) {
      const { key } = this.#object
      if (isStorageError(error) && (await endsReading(error, key, this.#options))) throw error
      const reason = isStorageError(error) ? 'unreadable' : 'decompression'
      const { message } = error as Error
      this.#lose({ ...this.#at(offsetBytes, header), reason, message, itemCount: header.itemCount })
    }
  }

  /** Readers go by the time in the name: a later one would put its batches behind others. */
  *#nameDisagreements({ header, offsetBytes }: FoundBlock): Generator<string> {
    if (!this.#promised || offsetBytes > 0) return
    const { arrivalMillis } = this.#promised
    const firstMillis = header.batches[0].capturedAtUnixNano / 1_000_000n
    if (firstMillis !== BigInt(arrivalMillis)) {
      yield `its first batch arrived at ${firstMillis}, the object's name says ${arrivalMillis}`
    }
  }

  #lose(damage: Damage): void {
    const { signal, itemCount = 0 } = damage
    if (signal) this.#tally.addUnreadable(signal, itemCount)
    this.#options.onDamage(damage)
  }

  #disagree(
    offsetBytes: number,
    message: string,
    { signal, itemCount }: { signal: Signal; itemCount: number },
  ): void {
    const where = this.#at(offsetBytes, { signal })
    this.#options.onDamage({ ...where, reason: 'inconsistent', message, itemCount })
  }

  #at(
    offsetBytes: number,
    { signal }: { signal: Signal },
  ): Pick<Damage, 'key' | 'offsetBytes' | 'signal'> {
    return { key: this.#object.key, offsetBytes, signal }
  }
}
