// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { register } from 'node:module'
import { pathToFileURL } from 'node:url'
import type { NodeSDKConfiguration } from '@opentelemetry/sdk-node'
import { textFrom } from '../options/environment'
import { type InstalledPackage, findInstalledPackage } from './installed-package'

type Instrumented = Pick<NodeSDKConfiguration, 'instrumentations'> &
  Partial<Pick<NodeSDKConfiguration, 'resourceDetectors'>>

interface AutoInstrumentations {
  getNodeAutoInstrumentations(): NodeSDKConfiguration['instrumentations']
  getResourceDetectorsFromEnv(): NodeSDKConfiguration['resourceDetectors']
}

const LOADER_HOOK = '@opentelemetry/instrumentation/hook.mjs'

/**
 * The instrumentations of `@opentelemetry/auto-instrumentations-node`, which reads
 * from the environment which ones are wanted; none if the app does not have it.
 */
export function loadAutoInstrumentations(): Instrumented {
  const found = findInstalledPackage('@opentelemetry/auto-instrumentations-node')
  if (found === undefined) return { instrumentations: [] }
  instrumentImports(found)
  const auto = found.load() as AutoInstrumentations
  const instrumentations = auto.getNodeAutoInstrumentations()
  // It knows more detectors than the SDK. Those of clouds ask the network, so only on demand.
  return textFrom('OTEL_NODE_RESOURCE_DETECTORS') === undefined
    ? { instrumentations }
    : { instrumentations, resourceDetectors: auto.getResourceDetectorsFromEnv() }
}

/** What an app imports, and does not require, can be instrumented only by way of a loader hook. */
function instrumentImports(found: InstalledPackage): void {
  const options = [...process.execArgv, process.env.NODE_OPTIONS ?? '']
  // Whoever followed the SDK's guide has it already; twice, it would wrap each module twice.
  if (options.some((option) => option.includes(LOADER_HOOK))) return
  const path = found.resolveDependency(LOADER_HOOK)
  if (path !== undefined) register(pathToFileURL(path))
}
