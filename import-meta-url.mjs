/** What a bundle in CommonJS has for `import.meta.url`. */
import { pathToFileURL } from 'node:url'

export const importMetaUrl = pathToFileURL(__filename).href
