// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { ObjectInfo } from './object-store'

/** One page of a listing. Keys are as the server has them, prefix included. */
export interface S3ListingPage {
  readonly objects: readonly ObjectInfo[]
  readonly folders: readonly string[]
  /** What continues the listing; `undefined` on the last page. */
  readonly continuationToken: string | undefined
}

/**
 * Reads the answer to ListObjectsV2 with `encoding-type=url`.
 *
 * Not by the client's own parser: it turns keys such as `00123`, `0x10` or `true`
 * into numbers and booleans, and in some versions gives up on a page of more than
 * 500 objects, taking the quotes around the etags for an entity attack. The
 * answer is flat and its keys are escaped, so this little is enough.
 */
export function parseListing(xml: string): S3ListingPage {
  if (!xml.includes('<ListBucketResult')) {
    throw new Error(
      `the answer is no S3 listing, it begins with ${JSON.stringify(xml.slice(0, 80))}`,
    )
  }
  const decode = elementOf(xml, 'EncodingType') === 'url' ? decodeKey : (key: string) => key
  const objects = Array.from(elementsOf(xml, 'Contents'), (content) => ({
    key: decode(requiredElementOf(content, 'Key')),
    sizeBytes: sizeOf(requiredElementOf(content, 'Size')),
    etag: requiredElementOf(content, 'ETag').replace(/^"|"$/g, ''),
    lastModified: timeOf(requiredElementOf(content, 'LastModified')),
  }))
  const folders = Array.from(elementsOf(xml, 'CommonPrefixes'), (content) =>
    decode(requiredElementOf(content, 'Prefix')),
  )
  const isTruncated = elementOf(xml, 'IsTruncated') === 'true'
  return {
    objects,
    folders,
    // Required: without it a cut listing would look complete.
    continuationToken: isTruncated ? requiredElementOf(xml, 'NextContinuationToken') : undefined,
  }
}

function decodeKey(escaped: string): string {
  try {
    return decodeURIComponent(escaped.replaceAll('+', ' '))
  } catch {
    throw new Error(
      `the listing has the key ${JSON.stringify(shortened(escaped))}, wrongly escaped`,
    )
  }
}

function sizeOf(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new Error(`the listing has the size ${JSON.stringify(shortened(text))}`)
}

function timeOf(text: string): Date {
  const time = new Date(text)
  if (!Number.isNaN(time.getTime())) return time
  throw new Error(`the listing has the time ${JSON.stringify(shortened(text))}`)
}

function shortened(text: string): string {
  return text.slice(0, 100)
}

/** What stands between the tags of each such element. An expression would look for the end anew at each beginning. */
function* elementsOf(xml: string, name: string): Generator<string, void, undefined> {
  const [opening, closing] = [`<${name}>`, `</${name}>`]
  let at = 0
  for (;;) {
    const opened = xml.indexOf(opening, at)
    const start = opened + opening.length
    const end = opened < 0 ? -1 : xml.indexOf(closing, start)
    if (end < 0) return
    yield xml.slice(start, end)
    at = end + closing.length
  }
}

function requiredElementOf(xml: string, name: string): string {
  const text = elementOf(xml, name)
  if (text === undefined) throw new Error(`the listing has no ${name} where one belongs`)
  return text
}

/** By searching: a regular expression for each element of each object takes most of a page's time. */
function elementOf(xml: string, name: string): string | undefined {
  const tag = `<${name}>`
  const at = xml.indexOf(tag)
  if (at < 0) return undefined
  const start = at + tag.length
  const end = xml.indexOf('<', start)
  if (!xml.startsWith(`</${name}>`, end)) return undefined
  const text = xml.slice(start, end)
  if (!text.includes('&')) return text
  return text.replace(/&(#x?[0-9a-f]+|[a-z]+);/gi, (whole, entity: string) =>
    character(whole, entity),
  )
}

/** A Map, as an object has a `constructor` as well. */
const NAMED: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
])
const MAX_CODE_POINT = 0x10ffff

function character(whole: string, entity: string): string {
  if (!entity.startsWith('#')) return NAMED.get(entity) ?? whole
  const isHex = entity[1] === 'x' || entity[1] === 'X'
  const codePoint = parseInt(entity.slice(isHex ? 2 : 1), isHex ? 16 : 10)
  return codePoint <= MAX_CODE_POINT ? String.fromCodePoint(codePoint) : whole
}
