// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import type { InstrumentationScope, Resource } from '../otlp/sdk-types'
import { type PlainAttributes, plainAttributes } from './plain-value'

/** The library whose tracer, meter or logger was used. */
export interface CapturedScope {
  readonly name: string
  readonly version?: string
}

/** Where telemetry came from: the same three fields on spans, logs and metrics. */
export interface CapturedSource {
  /** `service.name` of the resource. */
  readonly serviceName?: string
  /** The attributes of the resource. */
  readonly resource: PlainAttributes
  readonly scope: CapturedScope
}

interface KnownResource {
  readonly serviceName?: string
  readonly resource: PlainAttributes
}

// A provider has one resource for everything it makes: it is copied once.
const knownResources = new WeakMap<Resource, KnownResource>()

export function captureSource(resource: Resource, scope: InstrumentationScope): CapturedSource {
  return {
    ...captureResource(resource),
    scope: scope.version ? { name: scope.name, version: scope.version } : { name: scope.name },
  }
}

function captureResource(resource: Resource): KnownResource {
  const known = knownResources.get(resource)
  if (known) return known
  const attributes = plainAttributes(resource.attributes)
  const serviceName = attributes['service.name']
  const captured =
    typeof serviceName === 'string'
      ? { serviceName, resource: attributes }
      : { resource: attributes }
  // A detector that still owes attributes adds them later: look again then.
  if (!resource.asyncAttributesPending) knownResources.set(resource, captured)
  return captured
}
