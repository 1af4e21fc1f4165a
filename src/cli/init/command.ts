import { Command, Option } from 'commander'
import { INIT_METHODS, ISSUER_KINDS } from './answers.ts'
import { answersFromOptions, askForMissing, atTerminal, type InitOptions } from './ask.ts'
import { askIssuer } from './discover.ts'
import { reportOpenItems } from './open-items.ts'
import { writeConfiguration } from './write-configuration.ts'

interface Options extends InitOptions {
  readonly out: string
  readonly yes?: true
  readonly force?: true
}

const EXAMPLE = `
Example:
  modelops-gateway init --issuer https://sso.example/realms/modelops --public-url https://o.example \\
    --mlflow http://127.0.0.1:5000 --project alpha=project-alpha --out /etc/modelops-gateway

Exit code 0: nothing is open, 1: the files are written and the listed items are open, or an error occurred.
`

/** `init`: asks or takes options, and writes the configuration and, for Keycloak, the realm. */
export function initCommand(): Command {
  return new Command('init')
    .description('write a configuration for your issuer and your applications, then check it')
    .option('--issuer <url>', 'the issuer, as its metadata names it')
    .addOption(new Option('--issuer-kind <kind>', 'default: keycloak if --issuer is a realm').choices(ISSUER_KINDS))
    .option('--client-id <id>', 'client ID of the gateway at the issuer', 'gateway')
    .option('--client-secret-file <file>', 'existing file with the client secret (default: see below)')
    .addOption(
      new Option('--client-authentication <method>', 'how the gateway proves to the issuer who it is')
        .choices(INIT_METHODS)
        .default('client_secret_basic'),
    )
    .option('--client-assertion-file <file>', 'file with the JWT of a workload, for jwt_file')
    .option('--public-url <url>', 'address of the gateway in the browser')
    .option('--mlflow <url>', 'address of MLflow, as the gateway reaches it')
    .option('--airflow <url>', 'address of Airflow, as the gateway reaches it')
    .option('--project <name=group>', 'a project and the group of its members; may be repeated', collect)
    .option('--admin-group <group>', 'group of the administrators of all projects', 'modelops-admins')
    .option('--out <directory>', 'where to write', '.')
    .option('--yes', 'do not ask; use options and defaults')
    .option('--force', 'replace gateway.yaml, projects.yaml and the realm file; secrets and project UUIDs are kept')
    .addHelpText(
      'after',
      '\nWithout --client-secret-file, Keycloak gets a new secret, and other issuers’ is read from OIDC_CLIENT_SECRET.',
    )
    .addHelpText('after', EXAMPLE)
    .action(init)
}

const collect = (value: string, previous: readonly string[] = []) => [...previous, value]

async function init(options: Options): Promise<void> {
  const mayAsk = options.yes === undefined && process.stdin.isTTY
  const complete = mayAsk ? await atTerminal((ask) => askForMissing(options, ask)) : options
  const answers = answersFromOptions(complete)
  const facts = await askIssuer(answers)
  const written = await writeConfiguration(answers, facts, options.out, options.force === true)
  for (const { path } of written.files) console.log(`Wrote ${path}`)
  process.exitCode = (await reportOpenItems(written, facts)) ? 0 : 1
}
