{{/* Topics and users: what files/kafka.json has, with the prefix of the values. */}}

{{/* A list of a prefix and of names: the names with it, as JSON. */}}
{{- define "onboarding.prefixed" -}}
{{- $prefix := first . }}
{{- $names := list }}
{{- range last . }}{{ $names = append $names (printf "%s%s" $prefix .) }}{{ end }}
{{- toJson $names }}
{{- end }}

{{/* "true" for a service that KEDA scales: it has a group. The gateway has none. */}}
{{- define "onboarding.scaled" -}}
{{ if and .root.Values.scaling.keda (ne .name "gateway") }}true{{ end }}
{{- end }}

{{/* "true" where KEDA needs something of a Secret to reach Kafka. */}}
{{- define "onboarding.kedaKnown" -}}
{{ if or (include "onboarding.sasl" .) .Values.kafka.clientCertificates .Values.kafka.caSecret }}true{{ end }}
{{- end }}

{{- define "onboarding.kedaSasl" -}}
{{ get (dict "PLAIN" "plaintext" "SCRAM-SHA-256" "scram_sha256" "SCRAM-SHA-512" "scram_sha512") .Values.kafka.mechanism }}
{{- end }}
