// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * - `FOREIGN`: something lies in the write-ahead folder that is none of ours; it is left alone
 * - `OTHER_STORE`: a dead writer's batches belong into another store; they are left for it
 * - `UNREADABLE`: a file or folder can't be read or understood; it is left alone
 * - `DAMAGED`: a file can be read in part; that part is recovered, the file is set aside
 */
export type WriteAheadErrorCode = 'FOREIGN' | 'OTHER_STORE' | 'UNREADABLE' | 'DAMAGED'

/** What is wrong in a write-ahead folder; failures of disk and store stay `StorageError`. */
export class WriteAheadError extends Error {
  override readonly name = 'WriteAheadError'

  constructor(
    readonly code: WriteAheadErrorCode,
    message: string,
    /** The file or folder that it is about. */
    readonly path: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}
