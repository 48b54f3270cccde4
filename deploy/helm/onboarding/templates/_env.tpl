{{/* The settings of a process, and the files of Secrets that they name. */}}

{{- define "onboarding.env" -}}
{{- $values := .root.Values }}
- { name: ONBOARDING_KAFKA, value: {{ nospace $values.kafka.brokers | quote }} }
- { name: ONBOARDING_KAFKA_SECURITY, value: {{ $values.kafka.security }} }
{{- if include "onboarding.sasl" .root }}
- { name: ONBOARDING_KAFKA_SASL_MECHANISM, value: {{ $values.kafka.mechanism }} }
- { name: ONBOARDING_KAFKA_USER, value: {{ include "onboarding.user" . }} }
- { name: ONBOARDING_KAFKA_PASSWORD_FILE, value: /etc/onboarding/kafka-password }
{{- end }}
{{- if $values.kafka.caSecret }}
- { name: ONBOARDING_KAFKA_CA_FILE, value: /etc/onboarding/kafka-ca.crt }
{{- end }}
{{- if $values.kafka.clientCertificates }}
- { name: ONBOARDING_KAFKA_CERT_FILE, value: /etc/onboarding/kafka-user.crt }
- { name: ONBOARDING_KAFKA_KEY_FILE, value: /etc/onboarding/kafka-user.key }
{{- end }}
- { name: ONBOARDING_MONGO_FILE, value: /etc/onboarding/mongo-uri }
- { name: ONBOARDING_HASH_KEY_FILE, value: /etc/onboarding/hash-key }
- { name: ONBOARDING_PREFIX, value: {{ $values.prefix | quote }} }
- { name: ONBOARDING_PARTITIONS, value: {{ $values.topics.partitions | quote }} }
- { name: ONBOARDING_REPLICATION, value: {{ $values.topics.replication | quote }} }
- { name: ONBOARDING_RETENTION_HOURS, value: {{ int64 $values.topics.retentionHours | quote }} }
- { name: ONBOARDING_DEAD_LETTER_RETENTION_HOURS, value: {{ int64 $values.topics.deadLetterRetentionHours | quote }} }
- { name: ONBOARDING_HEALTH_HOST, value: {{ $values.bindAddress | quote }} }
- { name: ONBOARDING_HEALTH_PORT, value: {{ $values.healthPort | quote }} }
{{- with .own.outside }}
{{- $step := upper $.name }}
- { name: ONBOARDING_{{ $step }}_URL, value: {{ .url | quote }} }
{{- if .apiKeySecret }}
- { name: ONBOARDING_{{ $step }}_API_KEY_FILE, value: /etc/onboarding/outside-api-key }
{{- end }}
{{- if .caSecret }}
- { name: ONBOARDING_{{ $step }}_CA_FILE, value: /etc/onboarding/outside-ca.crt }
{{- end }}
{{- end }}
{{- if eq .name "gateway" }}
- { name: ONBOARDING_GATEWAY_HOST, value: {{ $values.bindAddress | quote }} }
- { name: ONBOARDING_GATEWAY_PORT, value: {{ $values.gateway.port | quote }} }
{{- with $values.gateway.proxies }}
- { name: ONBOARDING_GATEWAY_PROXIES, value: {{ . | quote }} }
{{- end }}
{{- if $values.gateway.tlsSecret }}
- { name: ONBOARDING_GATEWAY_CERT_FILE, value: /etc/onboarding/gateway.crt }
- { name: ONBOARDING_GATEWAY_KEY_FILE, value: /etc/onboarding/gateway.key }
{{- end }}
{{- end }}
{{- /* toJson, since a large number is a float here, which would be written 1e+06 */}}
{{- range $name, $value := mergeOverwrite (deepCopy $values.settings) (deepCopy (.own.settings | default dict)) }}
- { name: ONBOARDING_{{ upper $name }}, value: {{ kindIs "string" $value | ternary $value (toJson $value) | quote }} }
{{- end }}
{{- end }}

{{/* All that it is given in files, as one volume: who is not named here is not in the pod. */}}
{{- define "onboarding.secrets" -}}
{{- $values := .root.Values }}
{{- $mongo := .own.mongoSecret | default $values.mongo.secret }}
- secret: { name: {{ $mongo }}, items: [{ key: {{ $values.mongo.key }}, path: mongo-uri }] }
- secret: { name: {{ $values.hashKey.secret }}, items: [{ key: {{ $values.hashKey.key }}, path: hash-key }] }
{{- with $values.mongo.caSecret }}
- secret: { name: {{ . }}, items: [{ key: {{ $values.mongo.caKey }}, path: mongo-ca.crt }] }
{{- end }}
{{- with $values.kafka.caSecret }}
- secret: { name: {{ . }}, items: [{ key: {{ $values.kafka.caKey }}, path: kafka-ca.crt }] }
{{- end }}
{{- $user := include "onboarding.userSecret" . }}
{{- if include "onboarding.sasl" .root }}
- secret: { name: {{ $user }}, items: [{ key: {{ $values.kafka.passwordKey }}, path: kafka-password }] }
{{- end }}
{{- if $values.kafka.clientCertificates }}
- secret:
    name: {{ $user }}
    items: [{ key: user.crt, path: kafka-user.crt }, { key: user.key, path: kafka-user.key }]
{{- end }}
{{- with .own.outside }}
{{- if .apiKeySecret }}
- secret: { name: {{ .apiKeySecret }}, items: [{ key: {{ .apiKeyKey | default "api-key" }}, path: outside-api-key }] }
{{- end }}
{{- if .caSecret }}
- secret: { name: {{ .caSecret }}, items: [{ key: {{ .caKey | default "ca.crt" }}, path: outside-ca.crt }] }
{{- end }}
{{- end }}
{{- if and (eq .name "gateway") $values.gateway.tlsSecret }}
- secret:
    name: {{ $values.gateway.tlsSecret }}
    items: [{ key: tls.crt, path: gateway.crt }, { key: tls.key, path: gateway.key }]
{{- end }}
{{- end }}
