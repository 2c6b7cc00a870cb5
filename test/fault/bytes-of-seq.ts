/** What `seq` writes, cut at so many bytes: the output of the fixture programs that are told to write some. */
export function bytesOfSeq(count: number): string {
  const lines: string[] = []
  for (let number = 1, bytes = 0; bytes < count; number++) {
    const line = `${number}\n`
    lines.push(line)
    bytes += line.length
  }
  return lines.join('').slice(0, count)
}
