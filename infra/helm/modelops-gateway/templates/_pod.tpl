{{/* Settings that the pods of the Deployment and of `helm test` share. */}}

{{- define "gateway.podSettings" -}}
serviceAccountName: {{ include "gateway.fullname" . }}
automountServiceAccountToken: false
# No variables for the addresses of Services: nothing reads them.
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  # This group can read the files of the secret.
  fsGroup: 65532
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
volumes:
  # The kubelet replaces this folder as a whole, and the gateway watches projects.yaml in it. A `subPath` would not be updated.
  - name: config
    projected:
      sources:
        - configMap: { name: {{ include "gateway.fullname" . }} }
        {{- if include "gateway.hasProjectsFile" . }}
        - configMap: { name: {{ include "gateway.fullname" . }}-projects }
        {{- end }}
  - name: secrets
    secret:
      secretName: {{ include "gateway.secretName" . }}
      defaultMode: 288 # 0440 in octal, which YAML 1.1 and 1.2 read differently
  {{- with .Values.issuerToken }}
  {{- if .audience }}
  - name: issuer-token
    projected:
      defaultMode: 288
      sources:
        - serviceAccountToken: { path: token, audience: {{ .audience | quote }}, expirationSeconds: {{ .expirationSeconds }} }
  {{- end }}
  {{- end }}
{{- end -}}

{{- define "gateway.containerSettings" -}}
image: {{ include "gateway.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  privileged: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  capabilities: { drop: [ALL] }
resources:
  {{- toYaml .Values.resources | nindent 2 }}
{{- with .Values.env }}
env:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumeMounts:
  - { name: config, mountPath: /etc/modelops-gateway, readOnly: true }
  - { name: secrets, mountPath: /run/secrets/modelops-gateway, readOnly: true }
  {{- if .Values.issuerToken.audience }}
  - { name: issuer-token, mountPath: /run/secrets/issuer-token, readOnly: true }
  {{- end }}
{{- end -}}
