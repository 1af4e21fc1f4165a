import { releaseIn } from '../../gateway/apps/mlflow/catalogue/release-watch.ts'
import { parseJson, probe } from './probe.ts'

/** The release of the MLflow at a URL, e.g. `3.17.2`; undefined if something else responds. @throws Unreachable */
export async function mlflowRelease(origin: string): Promise<string | undefined> {
  const { status, text } = await probe(new URL('/version', origin).href)
  return releaseIn(status, text)
}

/** The release of the Airflow below a prefix. @throws Unreachable */
export async function airflowRelease(origin: string, prefix: string): Promise<string | undefined> {
  const { status, text } = await probe(new URL(`${prefix}/api/v2/version`, origin).href)
  const { version } = parseJson(text)
  return status === 200 && typeof version === 'string' ? version : undefined
}
