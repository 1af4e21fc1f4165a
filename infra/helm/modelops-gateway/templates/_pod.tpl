{{/* What the pods of the Deployment and of `helm test` have in common. */}}

{{- define "gateway.podSettings" -}}
serviceAccountName: {{ include "gateway.fullname" . }}
automountServiceAccountToken: false
# addresses of Services as variables would only be noise in the environment
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  # the secret's files are this group's to read
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
  # One folder, replaced as a whole by the kubelet: the gateway follows projects.yaml in it. A `subPath` would not change.
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
      defaultMode: 288 # 0440: YAML 1.1 and 1.2 read that one differently
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
{{- end -}}
