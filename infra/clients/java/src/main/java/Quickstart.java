import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.creds.BasicMlflowHostCreds;

/** A run with a parameter and a metric. The client reads no token from the environment, so the program passes it. */
public class Quickstart {
  public static void main(String[] arguments) throws Exception {
    String uri = System.getenv("MLFLOW_TRACKING_URI");
    String token = System.getenv("MLFLOW_TRACKING_TOKEN");
    try (MlflowClient client = new MlflowClient(new BasicMlflowHostCreds(uri, token))) {
      String experiment = client.createExperiment("java-" + System.currentTimeMillis());
      String run = client.createRun(experiment).getRunId();
      client.logParam(run, "depth", "3");
      client.logMetric(run, "loss", 0.5);
      client.setTerminated(run);
      var stored = client.getRun(run).getData();
      String author =
          stored.getTagsList().stream()
              .filter(tag -> tag.getKey().equals("mlflow.user"))
              .map(tag -> tag.getValue())
              .findFirst()
              .orElse("");
      System.out.printf("{\"author\":\"%s\",\"metric\":%s}%n", author, stored.getMetrics(0).getValue());
    }
  }
}
