{{/* Reports all errors of the values together, in the format of `modelops-gateway check`: path, expected, got. */}}
{{- define "gateway.validate" -}}
{{- $errors := list (include "gateway.missing" .) (include "gateway.invalid" .) (include "gateway.plainTextSecrets" .) -}}
{{- $errors = append $errors (include "gateway.unresolved" .) -}}
{{- if .Values.networkPolicy.enabled -}}{{- $errors = append $errors (include "gateway.missingPeers" .) -}}{{- end -}}
{{- with join "\n" (compact $errors) -}}{{- fail (printf "\n%s" .) -}}{{- end -}}
{{- end -}}

{{- define "gateway.missing" -}}
{{- $required := dict
  "config.server.publicUrl" "the origin that browsers use, e.g. https://o.example"
  "config.issuer.url" "the issuer identifier, e.g. https://sso.example/realms/shared"
  "config.session.store" "a Redis address, e.g. redis://:${file:/run/secrets/modelops-gateway/redis-password}@redis:6379"
  "config.access.adminGroup" "the group of the administrators"
  "config.projects.source" "`static`, `file`, `claim` or `core`"
  "config.routes" "at least one application"
  "image.repository" "the repository to which you pushed the image" -}}
{{- range $path, $expected := $required -}}
{{- $value := $.Values -}}
{{- range splitList "." $path -}}
{{- if kindIs "map" $value -}}{{- $value = get $value . -}}{{- else -}}{{- $value = "" -}}{{- end -}}
{{- end -}}
{{- if not $value }}
{{ $path }}: expected {{ $expected }}, got nothing
{{- end -}}
{{- end -}}
{{- if not (or .Values.secrets.existingSecret .Values.secrets.data) }}
secrets.existingSecret: expected the name of a Secret with the files that `config` references (or set secrets.data), got nothing
{{- end -}}
{{- end -}}

{{- define "gateway.invalid" -}}
{{- $config := .Values.config -}}
{{- if and .Values.secrets.existingSecret .Values.secrets.data }}
secrets: expected existingSecret or data, got both
{{- end -}}
{{- range list "listen" "adminListen" -}}
{{- if regexMatch "^(127\\.|localhost:|\\[::1\\])" (dig "server" . "" $config) }}
config.server.{{ . }}: expected an address that other pods can reach, e.g. 0.0.0.0:4180, got a loopback address
{{- end -}}
{{- end -}}
{{- with dig "session" "store" "" $config -}}
{{- if not (regexMatch "^(rediss?(\\+sentinel|\\+cluster)?://|\\$\\{)" .) }}
config.session.store: expected a Redis address because replicas share their sessions, got memory or a file
{{- end -}}
{{- end -}}
{{- $assertion := dig "issuer" "clientAssertion" "path" "" $config -}}
{{- $projected := eq $assertion "/run/secrets/issuer-token/token" -}}
{{- if ne $projected (not (empty .Values.issuerToken.audience)) }}
issuerToken.audience: expected the issuer if config.issuer.clientAssertion.path is /run/secrets/issuer-token/token, and only then, got {{ .Values.issuerToken.audience | default "nothing" }}
{{- end -}}
{{- $source := dig "projects" "source" "" $config -}}
{{- if and (eq $source "file") (ne (dig "projects" "path" "" $config) "/etc/modelops-gateway/projects.yaml") }}
config.projects.path: expected /etc/modelops-gateway/projects.yaml, where the chart mounts the list, got another path
{{- end -}}
{{- if ne (eq $source "file") (not (empty .Values.projects)) }}
projects: expected a list if config.projects.source is `file`, and only then, got {{ len (default list .Values.projects) }} entries
{{- end -}}
{{- if and (dig "server" "publicUrl" "" $config) (or .Values.ingress.enabled .Values.httpRoute.enabled) -}}
{{- if contains "${" (include "gateway.hosts" .) }}
config.server.publicUrl: expected plain hosts here and in config.routes for the Ingress or HTTPRoute, got a reference
{{- end -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) }}
httpRoute.parentRefs: expected at least one Gateway, got nothing
{{- end -}}
{{- if and .Values.serviceMonitor.enabled (not (dig "server" "adminListen" "" $config)) }}
config.server.adminListen: expected an address for the ServiceMonitor, e.g. 0.0.0.0:4181, got nothing
{{- end -}}
{{- with .Values.prometheusRule -}}
{{- if and .enabled (not .job) (not $.Values.serviceMonitor.enabled) }}
prometheusRule.job: expected the job of your scrape configuration because serviceMonitor.enabled is false, got nothing
{{- end -}}
{{- end -}}
{{- with .Values.autoscaling -}}
{{- if and .enabled (not (dig "requests" "cpu" "" $.Values.resources)) }}
resources.requests.cpu: expected a request of processor time, which autoscaling uses, got nothing
{{- end -}}
{{- if and .enabled (lt (int .maxReplicas) (int .minReplicas)) }}
autoscaling.maxReplicas: expected at least minReplicas ({{ .minReplicas }}), got {{ .maxReplicas }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Plain-text secrets: `config` becomes a ConfigMap, which more users can read than Secrets. Values are not shown. */}}
{{- define "gateway.plainTextSecrets" -}}
{{- $config := .Values.config -}}
{{- $secrets := dict
  "config.issuer.clientSecret" (dig "issuer" "clientSecret" "" $config)
  "config.projects.clientSecret" (dig "projects" "clientSecret" "" $config) -}}
{{- range $index, $secret := dig "session" "secrets" list $config -}}
{{- $_ := set $secrets (printf "config.session.secrets.%d" $index) $secret -}}
{{- end -}}
{{- range $path, $secret := $secrets -}}
{{- if and $secret (not (regexMatch "^\\$\\{(env|file):[^}]+\\}$" $secret)) }}
{{ $path }}: expected a reference, ${file:/run/secrets/modelops-gateway/NAME} or ${env:NAME}, got a text (not shown)
{{- end -}}
{{- end -}}
{{- $store := dig "session" "store" "" $config -}}
{{- if regexMatch "://[^@/?:]*:[^@/?]+@|[pP]assword=[^&]" (regexReplaceAll "\\$\\{(env|file):[^}]+\\}" $store "") }}
config.session.store: expected a reference instead of the password, got a text (not shown)
{{- end -}}
{{/* A variable with a plain `value` is part of the Deployment, so a reference to it does not protect the secret. */}}
{{- $hidden := concat (values $secrets) (regexFindAll "^\\$\\{env:[^}]+\\}$|\\$\\{env:[^}]+\\}@|assword=\\$\\{env:[^}]+\\}" $store -1) -}}
{{- $hidden = toJson $hidden -}}
{{- range $index, $variable := .Values.env -}}
{{- if and (hasKey $variable "value") (contains (printf "${env:%s}" $variable.name) $hidden) }}
env.{{ $index }}: expected {{ $variable.name }} from a Secret (valueFrom.secretKeyRef), got a text (not shown)
{{- end -}}
{{- end -}}
{{- end -}}

{{/* References to variables or files that the pod does not have. */}}
{{- define "gateway.unresolved" -}}
{{- $text := toJson .Values.config -}}
{{- $names := list -}}
{{- range .Values.env -}}{{- $names = append $names .name -}}{{- end -}}
{{- range regexFindAll "\\$\\{env:[^}]*\\}" $text -1 | uniq -}}
{{- $name := trimSuffix "}" (trimPrefix "${env:" .) -}}
{{- if not (has $name $names) }}
env: expected a variable {{ $name }}, which `config` references, got none
{{- end -}}
{{- end -}}
{{- range regexFindAll "\\$\\{file:[^}]*\\}" $text -1 | uniq -}}
{{- $path := trimSuffix "}" (trimPrefix "${file:" .) -}}
{{- $name := trimPrefix "/run/secrets/modelops-gateway/" $path -}}
{{- if or (eq $name $path) (contains "/" $name) }}
config: expected references to files of /run/secrets/modelops-gateway, got {{ $path }}
{{- else if and $.Values.secrets.data (not (hasKey $.Values.secrets.data $name)) }}
secrets.data.{{ $name }}: expected the file that `config` references, got nothing
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Missing peers. An empty list of peers means everybody to Kubernetes. */}}
{{- define "gateway.missingPeers" -}}
{{- $policy := .Values.networkPolicy -}}
{{- $needed := dict
  "networkPolicy.clients" (dict "who" "who connects to the public port, e.g. the ingress controller" "is" $policy.clients)
  "networkPolicy.redis.to" (dict "who" "where the session store is" "is" $policy.redis.to)
  "networkPolicy.issuer.to" (dict "who" "where the issuer is" "is" $policy.issuer.to) -}}
{{- range $path, $peers := $needed -}}
{{- if not $peers.is }}
{{ $path }}: expected {{ $peers.who }}, got nobody
{{- end -}}
{{- end -}}
{{- $routes := list -}}
{{- range default list .Values.config.routes -}}
{{- $routes = append $routes .name -}}
{{- if not (hasKey $policy.upstreams .name) }}
networkPolicy.upstreams.{{ .name }}: expected the pods of the application (podSelector) or its addresses (ipBlocks), got nothing
{{- end -}}
{{- end -}}
{{- range $name, $upstream := $policy.upstreams -}}
{{- if not (has $name $routes) }}
networkPolicy.upstreams.{{ $name }}: expected the name of a route in config.routes, got another name
{{- end -}}
{{- if eq (empty $upstream.podSelector) (empty $upstream.ipBlocks) }}
networkPolicy.upstreams.{{ $name }}: expected podSelector or ipBlocks, got {{ empty $upstream.podSelector | ternary "neither" "both" }}
{{- end -}}
{{- end -}}
{{- end -}}
