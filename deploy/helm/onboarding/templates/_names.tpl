{{/* Names and labels. Most are given a dict: `root`, the service's `name`, and `own`, what its values say. */}}

{{- define "onboarding.fullname" -}}
{{- $name := .Release.Name }}
{{- if not (contains "onboarding" $name) }}{{ $name = printf "%s-onboarding" $name }}{{ end }}
{{- $name | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "onboarding.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* By name the values of each service, over the defaults. */}}
{{- define "onboarding.services" -}}
{{- range $name, $own := .Values.services }}
{{ $name }}: {{ mergeOverwrite (deepCopy $.Values.defaults) (deepCopy ($own | default dict)) | toJson }}
{{- end }}
{{- end }}

{{- define "onboarding.release" -}}
app.kubernetes.io/name: onboarding
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "onboarding.common" -}}
{{ include "onboarding.release" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "onboarding.selector" -}}
{{ include "onboarding.release" .root }}
app.kubernetes.io/component: {{ .name }}
{{- end }}

{{- define "onboarding.labels" -}}
{{ include "onboarding.common" .root }}
app.kubernetes.io/component: {{ .name }}
{{- end }}

{{/* As of `onboarding topics acls --user-prefix`; also the name of the Secret with its password. */}}
{{- define "onboarding.user" -}}
{{ .root.Values.kafka.userPrefix }}{{ .name }}
{{- end }}
{{- define "onboarding.userSecret" -}}
{{ .own.kafkaSecret | default (include "onboarding.user" .) }}
{{- end }}

{{/* Whether Kafka is told a password, and whether it is reached over TLS: "true" or nothing. */}}
{{- define "onboarding.sasl" -}}
{{ if hasPrefix "SASL" .Values.kafka.security }}true{{ end }}
{{- end }}
{{- define "onboarding.tls" -}}
{{ if hasSuffix "SSL" .Values.kafka.security }}true{{ end }}
{{- end }}
