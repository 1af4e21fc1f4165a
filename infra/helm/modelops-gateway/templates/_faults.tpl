{{/* Everything that is wrong with the values, at once, in the words of `modelops-gateway check`: path, expected, got. */}}
{{- define "gateway.validate" -}}
{{- $faults := list (include "gateway.missing" .) (include "gateway.unfit" .) (include "gateway.exposed" .) -}}
{{- $faults = append $faults (include "gateway.unread" .) -}}
{{- if .Values.networkPolicy.enabled -}}{{- $faults = append $faults (include "gateway.unnamed" .) -}}{{- end -}}
{{- with join "\n" (compact $faults) -}}{{- fail (printf "\n%s" .) -}}{{- end -}}
{{- end -}}

{{- define "gateway.missing" -}}
{{- $required := dict
  "config.server.publicUrl" "the origin that browsers use, e.g. https://o.example"
  "config.issuer.url" "the issuer's identifier, e.g. https://sso.example/realms/shared"
  "config.session.store" "a Redis address, e.g. redis://:${file:/run/secrets/modelops-gateway/redis-password}@redis:6379"
  "config.access.adminGroup" "the group of the administrators"
  "config.projects.source" "`static`, `file`, `claim` or `core`"
  "config.routes" "at least one application"
  "image.repository" "where the image built from the Dockerfile was pushed" -}}
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
secrets.existingSecret: expected the name of a Secret with the files that `config` refers to (or secrets.data), got nothing
{{- end -}}
{{- end -}}

{{- define "gateway.unfit" -}}
{{- $config := .Values.config -}}
{{- if and .Values.secrets.existingSecret .Values.secrets.data }}
secrets: expected existingSecret or data, got both
{{- end -}}
{{- range list "listen" "adminListen" -}}
{{- if regexMatch "^(127\\.|localhost:|\\[::1\\])" (dig "server" . "" $config) }}
config.server.{{ . }}: expected an address that other pods reach, e.g. 0.0.0.0:4180, got one of loopback
{{- end -}}
{{- end -}}
{{- with dig "session" "store" "" $config -}}
{{- if not (regexMatch "^(rediss?(\\+sentinel|\\+cluster)?://|\\$\\{)" .) }}
config.session.store: expected a Redis address: the replicas share their sessions, got memory or a file
{{- end -}}
{{- end -}}
{{- $source := dig "projects" "source" "" $config -}}
{{- if and (eq $source "file") (ne (dig "projects" "path" "" $config) "/etc/modelops-gateway/projects.yaml") }}
config.projects.path: expected /etc/modelops-gateway/projects.yaml, where the chart puts the list, got another path
{{- end -}}
{{- if ne (eq $source "file") (not (empty .Values.projects)) }}
projects: expected a list where config.projects.source is `file`, and only there, got {{ len (default list .Values.projects) }} entries
{{- end -}}
{{- if and (dig "server" "publicUrl" "" $config) (or .Values.ingress.enabled .Values.httpRoute.enabled) -}}
{{- if contains "${" (include "gateway.hosts" .) }}
config.server.publicUrl: expected plain hosts, here and in config.routes, for the Ingress or the HTTPRoute, got a reference
{{- end -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) }}
httpRoute.parentRefs: expected at least one Gateway, got nothing
{{- end -}}
{{- if and .Values.serviceMonitor.enabled (not (dig "server" "adminListen" "" $config)) }}
config.server.adminListen: expected an address for the ServiceMonitor, e.g. 0.0.0.0:4181, got nothing
{{- end -}}
{{- with .Values.autoscaling -}}
{{- if and .enabled (not (dig "requests" "cpu" "" $.Values.resources)) }}
resources.requests.cpu: expected what autoscaling counts by, got nothing
{{- end -}}
{{- if and .enabled (lt (int .maxReplicas) (int .minReplicas)) }}
autoscaling.maxReplicas: expected at least minReplicas ({{ .minReplicas }}), got {{ .maxReplicas }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Secrets in plain text: `config` becomes a ConfigMap, which more people may read than Secrets. Values are not shown. */}}
{{- define "gateway.exposed" -}}
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
config.session.store: expected a reference in place of the password, got a text (not shown)
{{- end -}}
{{/* A reference to a variable is as good as the variable: one with a plain `value` stands in the Deployment. */}}
{{- $hidden := concat (values $secrets) (regexFindAll "^\\$\\{env:[^}]+\\}$|\\$\\{env:[^}]+\\}@|assword=\\$\\{env:[^}]+\\}" $store -1) -}}
{{- $hidden = toJson $hidden -}}
{{- range $index, $variable := .Values.env -}}
{{- if and (hasKey $variable "value") (contains (printf "${env:%s}" $variable.name) $hidden) }}
env.{{ $index }}: expected {{ $variable.name }}, a secret, from a Secret (valueFrom.secretKeyRef), got a text (not shown)
{{- end -}}
{{- end -}}
{{- end -}}

{{/* References that nothing in the pod answers. */}}
{{- define "gateway.unread" -}}
{{- $text := toJson .Values.config -}}
{{- $names := list -}}
{{- range .Values.env -}}{{- $names = append $names .name -}}{{- end -}}
{{- range regexFindAll "\\$\\{env:[^}]*\\}" $text -1 | uniq -}}
{{- $name := trimSuffix "}" (trimPrefix "${env:" .) -}}
{{- if not (has $name $names) }}
env: expected a variable {{ $name }}, which `config` refers to, got none
{{- end -}}
{{- end -}}
{{- range regexFindAll "\\$\\{file:[^}]*\\}" $text -1 | uniq -}}
{{- $path := trimSuffix "}" (trimPrefix "${file:" .) -}}
{{- $name := trimPrefix "/run/secrets/modelops-gateway/" $path -}}
{{- if or (eq $name $path) (contains "/" $name) }}
config: expected references to files of /run/secrets/modelops-gateway, got {{ $path }}
{{- else if and $.Values.secrets.data (not (hasKey $.Values.secrets.data $name)) }}
secrets.data.{{ $name }}: expected the file that `config` refers to, got nothing
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Peers that are not named. To Kubernetes an empty list of peers means everybody. */}}
{{- define "gateway.unnamed" -}}
{{- $policy := .Values.networkPolicy -}}
{{- $needed := dict
  "networkPolicy.clients" (dict "who" "who reaches the public port, e.g. the ingress controller" "is" $policy.clients)
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
networkPolicy.upstreams.{{ $name }}: expected the name of a route, got another
{{- end -}}
{{- if eq (empty $upstream.podSelector) (empty $upstream.ipBlocks) }}
networkPolicy.upstreams.{{ $name }}: expected podSelector or ipBlocks, got {{ empty $upstream.podSelector | ternary "neither" "both" }}
{{- end -}}
{{- end -}}
{{- end -}}
