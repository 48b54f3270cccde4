{{/* What the schema of the values cannot say: each ends the rendering with a line that says what to do. */}}

{{- define "onboarding.checked" -}}
{{- $kafka := .Values.kafka }}
{{- if not $kafka.brokers }}
{{- fail "kafka.brokers must be set: host:port, comma separated" }}
{{- end }}
{{- if and $kafka.clientCertificates (not (include "onboarding.tls" .)) }}
{{- fail "kafka.clientCertificates: kafka.security must be SSL or SASL_SSL" }}
{{- end }}
{{- if and $kafka.caSecret (not (include "onboarding.tls" .)) }}
{{- fail "kafka.caSecret: kafka.security must be SSL or SASL_SSL" }}
{{- end }}
{{- range $name, $own := include "onboarding.services" . | fromYaml }}
{{- if and (ne $name "gateway") (gt (int $own.replicas) (int $.Values.topics.partitions)) }}
{{- fail (printf "services.%s: %v replicas, but topics.partitions is %v: the rest would have nothing to do" $name $own.replicas $.Values.topics.partitions) }}
{{- end }}
{{- end }}
{{- if and .Values.scaling.keda (gt (int .Values.scaling.minReplicas) (int .Values.topics.partitions)) }}
{{- fail "scaling.minReplicas: at most topics.partitions, the rest would have nothing to do" }}
{{- end }}
{{- if .Values.ingress.enabled }}
{{- if not .Values.ingress.host }}{{ fail "ingress.host must be set" }}{{ end }}
{{- if not .Values.gateway.proxies }}
{{- fail "gateway.proxies must name the addresses of the ingress controller: else all clients count as one, and cookies are not Secure" }}
{{- end }}
{{- end }}
{{- include "onboarding.checkedStrimzi" . }}
{{- end }}

{{- define "onboarding.checkedStrimzi" -}}
{{- $strimzi := .Values.strimzi }}
{{- if and (or $strimzi.users (eq .Values.topics.by "strimzi")) (not $strimzi.cluster) }}
{{- fail "strimzi.cluster must be set: the name of the Kafka resource" }}
{{- end }}
{{- if $strimzi.users }}
{{- if eq .Values.topics.by "job" }}
{{- fail "topics.by: job runs before Strimzi has made its user (strimzi.users): use strimzi, or none" }}
{{- end }}
{{- if eq .Values.kafka.security "PLAINTEXT" }}
{{- fail "strimzi.users: kafka.security is PLAINTEXT, which knows no users" }}
{{- end }}
{{- if and (include "onboarding.sasl" .) (ne .Values.kafka.mechanism "SCRAM-SHA-512") }}
{{- fail "strimzi.users: kafka.mechanism must be SCRAM-SHA-512, the one that Strimzi makes passwords for" }}
{{- end }}
{{- if and (eq .Values.kafka.security "SSL") (not .Values.kafka.clientCertificates) }}
{{- fail "strimzi.users: with SSL users are known by kafka.clientCertificates" }}
{{- end }}
{{- end }}
{{- end }}
