import type { RouteConfig } from './schema.ts'

const APP_TITLES: Readonly<Record<RouteConfig['app'], string | undefined>> = {
  mlflow: 'MLflow',
  airflow: 'Airflow',
  core: 'Core API',
  generic: undefined,
}

/** The name of the application behind a route, as people read it. */
export const titleOf = ({ title, app, name }: Pick<RouteConfig, 'title' | 'app' | 'name'>): string =>
  title ?? APP_TITLES[app] ?? name
