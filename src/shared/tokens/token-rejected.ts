/** Why a token is not accepted. The message is for the log and contains nothing of the token. */
export class TokenRejected extends Error {
  constructor(detail: string) {
    super(detail)
    this.name = 'TokenRejected'
  }
}
