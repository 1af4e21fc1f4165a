/**
 * Entries of MLflow's pages that lead nowhere behind the gateway, in the releases of the catalogue. A selector that a release
 * lacks matches nothing, so that a new release is never worse than without it; `test/mlflow/hidden-entries.test.ts` fails.
 */
export const HIDDEN_ENTRIES = {
  hidden: [
    // The assistant runs commands on MLflow's own host: its requests are denied to everybody.
    '[data-assistant-ui]',
    '[data-component-id="mlflow.experiment_side_nav.assistant_button"]',
    '[data-component-id="mlflow.assistant.trace_header_button"]',
    // The demo would write into experiments of its own, outside the project.
    'div:has(> [data-component-id="mlflow.home.demo-banner.launch"])',
    'div:has(> div > [data-component-id="mlflow.settings.demo.clear-all-button"])',
    // Roles come from the gateway: MLflow's own page would say that there are none.
    '[role="menu"]:has([data-component-id="mlflow.sidebar.account"])',
  ],
  /** Keys and webhooks belong to the whole server: administrators alone may use them. */
  hiddenFromMembers: ['a[href*="#/settings/llm-connections"]', 'a[href*="#/settings/webhooks"]'],
  hiddenFromViewers: [
    '[data-testid="create-experiment-button"]',
    '[data-testid="create-experiment-table-empty-state-button"]',
    '[data-component-id="mlflow.home.experiments.create"]',
    '[data-testid="delete-experiments-button"]',
    '[data-component-id="mlflow.experiment.list.tag.add"]',
    '[data-testid="create-model-button"]',
    '[data-testid="create-prompt-button"]',
    '[data-testid="create-prompt-empty-state-button"]',
  ],
  // MLflow opens the assistant on the first visit, unless it has done so.
  storage: {
    'mlflow.assistant.fab.autoOpenedOnFirstLoad_v1': 'true',
    'mlflow.assistant.panelOpen_v1': 'false',
  },
} as const
