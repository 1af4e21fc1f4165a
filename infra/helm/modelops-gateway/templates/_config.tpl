{{/* Values that are derived from the gateway's configuration, so that nothing is configured twice. */}}

{{- define "gateway.port" -}}
{{- regexFind "[0-9]+$" .Values.config.server.listen -}}
{{- end -}}

{{/* Empty: no admin listener. */}}
{{- define "gateway.adminPort" -}}
{{- regexFind "[0-9]+$" (default "" .Values.config.server.adminListen) -}}
{{- end -}}

{{/* Hosts that browsers use, as a JSON list: the public one and those of the routes, without ports. */}}
{{- define "gateway.hosts" -}}
{{- $hosts := list (.Values.config.server.publicUrl | trimPrefix "http://" | trimPrefix "https://" | trimSuffix "/") -}}
{{- range .Values.config.routes -}}{{- with .host -}}{{- $hosts = append $hosts . -}}{{- end -}}{{- end -}}
{{- $bare := list -}}
{{- range $hosts -}}{{- $bare = append $bare (regexReplaceAll ":[0-9]+$" . "") -}}{{- end -}}
{{- toJson (uniq $bare) -}}
{{- end -}}

{{/* Whether the chart provides the projects file. */}}
{{- define "gateway.hasProjectsFile" -}}
{{- if eq (dig "projects" "source" "" .Values.config) "file" -}}true{{- end -}}
{{- end -}}

{{/*
How long a pod needs to stop, in seconds. The kubelet counts from the start of preStop: preStop itself, at most 2.5 s in
which the draining gateway still accepts connections (src/gateway/runtime/start.ts), the requests in flight, and 5 s to
close the connections to upstreams and store. With less, the kubelet kills requests that the gateway would have finished.
*/}}
{{- define "gateway.graceSeconds" -}}
{{- add .Values.preStopSeconds 3 (dig "drainSeconds" 30 .Values.config.server) 5 -}}
{{- end -}}
