{{/* What every pod has: who it runs as, what it may not, where its files come from. */}}

{{- define "onboarding.podRules" -}}
automountServiceAccountToken: false
# A Service `onboarding-gateway` would set ONBOARDING_GATEWAY_PORT to an address.
enableServiceLinks: false
{{- with .root.Values.serviceAccountName }}
serviceAccountName: {{ . }}
{{- end }}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: { type: RuntimeDefault }
volumes:
  - name: given
    projected:
      defaultMode: 0440
      sources:
        {{- include "onboarding.secrets" . | nindent 8 }}
  - name: tmp
    emptyDir: { sizeLimit: 64Mi }
{{- end }}

{{- define "onboarding.containerRules" -}}
image: {{ include "onboarding.image" .root | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
env:
  {{- include "onboarding.env" . | nindent 2 }}
resources: {{ .own.resources | toJson }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
volumeMounts:
  - { name: given, mountPath: /etc/onboarding, readOnly: true }
  - { name: tmp, mountPath: /tmp }
{{- end }}

{{/* Seconds from SIGTERM to SIGKILL: the batch in flight may take all of its deadline. */}}
{{- define "onboarding.graceSeconds" -}}
{{- $settings := mergeOverwrite (deepCopy .root.Values.settings) (deepCopy (.own.settings | default dict)) }}
{{- add 30 (ceil (float64 $settings.batch_deadline_seconds)) }}
{{- end }}
