import * as z from 'zod'
import { filePath } from '../../../shared/settings/fields.ts'
import { metadata } from '../../../shared/settings/metadata.ts'

const color = z.string().regex(/^#[0-9a-fA-F]{6}$/, 'expected a color of six hexadecimal digits, e.g. #1f54c4')

/** Files alone: a page that loads a picture from elsewhere tells another server who opens it. */
const imageFile = filePath
  .refine((path) => !/^[a-z][a-z0-9+.-]*:/i.test(path), 'expected a path of a file, e.g. branding/logo.svg, not a URL')
  .register(metadata, { path: 'path' })

export const portal = z
  .strictObject({
    branding: z
      .strictObject({
        name: z
          .string()
          .regex(/^[^\p{C}]{1,60}$/u, 'expected 1 to 60 printable characters')
          .default('ModelOps gateway')
          .describe('Product name on the pages of the gateway and in their titles.'),
        logo: imageFile
          .optional()
          .describe('Picture beside the name: SVG, PNG, JPEG or WebP, up to 256 KiB. Absent: the mark of the gateway.'),
        icon: imageFile
          .optional()
          .describe('Icon of the browser tab: SVG, PNG or ICO, up to 256 KiB. Absent: the icon of the gateway.'),
        accent: color
          .optional()
          .describe('Color of links and buttons on light pages. Its contrast with the page must be 4.5 or more.'),
        accentDark: color
          .optional()
          .describe('The same on dark pages. Default: `accent`, made lighter until its contrast is 4.5.'),
      })
      .prefault({})
      .describe('Name, pictures and colors of the gateway’s own pages.'),
  })
  .register(metadata, { reload: 'reload' })
