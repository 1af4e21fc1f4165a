/** How the laxest server that we know of reads names; written without the gateway's own rules, to compare with them. */

/** Without the spaces and tabs around it (RFC 9110 §5.6.3). */
export const trimSpace = (text: string) => text.replace(/^[ \t]+|[ \t]+$/g, '')

/** A header name as WSGI and CGI servers read it (RFC 3875 §4.1.18). */
export const foldHeader = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '-')

/** Whether a parameter could be taken for the project: in any case, with punctuation or spaces in it. */
export const namesProject = (name: string) =>
  name !== 'project_id' &&
  name
    .normalize('NFKC')
    .toLowerCase()
    .split('[', 1)[0]
    ?.replaceAll(/[^\p{L}\p{N}]/gu, '') === 'projectid'
