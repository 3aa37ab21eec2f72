// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { dirname } from 'node:path'
import { QueryError } from '../query-error'

/**
 * What goes wrong with the files of a database, as the error that is documented: a disk that
 * is full, a folder that can't be written, a file that is damaged. `undefined` for all else.
 */
export function fileError(error: unknown, path: string): QueryError | undefined {
  const { message, code } = error as NodeJS.ErrnoException
  const folder = dirname(path)
  if (code === 'ENOSPC' || code === 'EDQUOT' || /No space left|disk full|quota/i.test(message)) {
    return unusable(`the disk is full: a database can't be built in '${folder}'`, error)
  }
  if (['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'].includes(code ?? '')) {
    return unusable(`a database can't be built in '${folder}'`, error)
  }
  if (/^(IO|Serialization|Fatal|INTERNAL|FATAL) Error|Corrupt|checksum/i.test(message)) {
    return unusable(`the database '${path}' can't be used`, error)
  }
  return undefined
}

function unusable(what: string, error: unknown): QueryError {
  const { message } = error as Error
  const hint = "name another folder with the option 'cache' (--cache, OTEL_TAPE_CACHE), or 'off'"
  return new QueryError('IndexUnusable', `${what} (${message.split('\n')[0]}); ${hint}`, {
    cause: error,
  })
}
