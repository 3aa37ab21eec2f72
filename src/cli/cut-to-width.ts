// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

/** As much of a line as fits; what does not ends with `…`. */
export function cutToWidth(line: string, columns: number): string {
  let width = 0
  let fitting = ''
  for (const character of line) {
    const characterWidth = widthOf(character)
    if (width + characterWidth > columns) return `${withoutLast(fitting, width - columns + 1)}…`
    width += characterWidth
    fitting += character
  }
  return line
}

/** The columns of a terminal that a text takes. */
export function widthOfText(text: string): number {
  let width = 0
  for (const character of text) width += widthOf(character)
  return width
}

/** East Asian characters and emoji take two columns; to think so of too many cuts a little early. */
function widthOf(character: string): number {
  return (character.codePointAt(0) ?? 0) < 0x1100 || /[\u2000-\u2dff]/.test(character) ? 1 : 2
}

/** Makes room for so many columns at the end. */
function withoutLast(text: string, columns: number): string {
  const characters = [...text]
  for (let room = 0; room < columns && characters.length > 0;) {
    room += widthOf(characters.pop() ?? '')
  }
  return characters.join('')
}
