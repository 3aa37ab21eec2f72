// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { untraced } from '../../../storage/untraced'
import { QueryError } from '../../query-error'

export interface Download {
  readonly url: string
  /** Where the file goes. */
  readonly path: string
  readonly signal?: AbortSignal
}

const LIMIT_MILLIS = 10 * 60_000

/**
 * Downloads a file. It is there in full or not at all: what has arrived has another name until it
 * is complete. Rejects with `signal.reason` when that fires, else with `EmbeddingFailure`.
 */
export async function downloadFile({ url, path, signal }: Download): Promise<void> {
  const partial = `${path}.${randomUUID()}.part`
  const limit = AbortSignal.timeout(LIMIT_MILLIS)
  const either = signal ? AbortSignal.any([signal, limit]) : limit
  try {
    await mkdir(dirname(path), { recursive: true })
    const response = await untraced(() => fetch(url, { signal: either }))
    await pipeline(bodyOf(response), createWriteStream(partial), { signal: either })
    await rename(partial, path)
  } catch (error) {
    // Why it can't be removed, if it can't, is why it could not be written.
    await rm(partial, { force: true }).catch(() => {})
    if (signal?.aborted) throw signal.reason
    const advice = `put the file at '${path}' yourself, or try again`
    throw new QueryError(
      'EmbeddingFailure',
      `can't download ${url}: ${describe(error)}; ${advice}`,
      { cause: error },
    )
  }
}

function bodyOf(response: Response): Readable {
  if (!response.ok) throw new Error(`the server answered ${response.status}`)
  if (!response.body) throw new Error('the server answered nothing')
  return Readable.fromWeb(response.body)
}

/** What `fetch` throws says "fetch failed", and why in its cause. */
function describe(error: unknown): string {
  const { message, cause } = error as { message: string; cause?: { message?: string } }
  return cause?.message ? `${message} (${cause.message})` : message
}
