// Imports point down the house only (docs/architecture.md draws it). Each rule
// names a floor and the floors it must not reach up or across to.
const floors = {
  options:
    '^src/(telemetry|otlp|storage|session|transport|capture|receive|replay|query|cli|server|register|testing)/',
  telemetry:
    '^src/(options|otlp|storage|session|transport|capture|receive|replay|query|cli|server|register|testing)/',
  otlp: '^src/(options|telemetry|storage|session|transport|capture|receive|replay|query|cli|server|register|testing)/',
  storage:
    '^src/(otlp|session|transport|capture|receive|replay|query|cli|server|register|testing)/',
  session: '^src/(transport|capture|receive|replay|query|cli|server|register|testing)/',
  transport: '^src/(session|capture|receive|replay|query|cli|server|register|testing)/',
  capture: '^src/(receive|replay|query|cli|server|register|testing)/',
  receive: '^src/(capture|replay|query|cli|server|register|testing)/',
  replay: '^src/(capture|receive|query|cli|server|register|testing)/',
  query: '^src/(capture|receive|replay|cli|server|register|testing)/',
  cli: '^src/(server|register|testing)/',
  server: '^src/(cli|register|testing)/',
  register: '^src/(cli|server|testing)/',
  testing: '^src/(cli|server|register)/',
}

module.exports = {
  forbidden: [
    ...Object.entries(floors).map(([floor, above]) => ({
      name: `${floor}-imports-down-only`,
      severity: 'error',
      from: { path: `^src/${floor}/` },
      to: { path: above },
    })),
    {
      name: 'rooms-do-not-import-the-front-door',
      comment: 'src/index.ts is for users; a room that imports it closes a cycle.',
      severity: 'error',
      from: { path: '^src/[^/]+/' },
      to: { path: '^src/index\\.ts$', dependencyTypesNot: ['type-only'] },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'otlp-does-no-io',
      severity: 'error',
      from: { path: '^src/otlp/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-dev-dependency-in-src',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm-peer', 'type-only'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
  },
}
