# One node of Apache Kafka from variables as the image apache/kafka reads them: KAFKA_LOG_DIRS is log.dirs.
set -eu
properties=/tmp/server.properties
env | sed -n 's/^KAFKA_//p' | grep -v '^HEAP_OPTS=' | while IFS='=' read -r name value; do
  printf '%s=%s\n' "$(echo "$name" | tr 'A-Z_' 'a-z.')" "$value"
done >$properties
java -cp '/opt/kafka/libs/*' kafka.tools.StorageTool format --ignore-formatted -t "${CLUSTER_ID:-MkU3OEVBNTcwNTJENDM2Qk}" -c $properties
log=-Dorg.slf4j.simpleLogger
exec java ${KAFKA_HEAP_OPTS:--Xmx512m} -XX:+UseSerialGC -XX:TieredStopAtLevel=1 $log.defaultLogLevel=warn \
  $log.log.kafka.server.KafkaRaftServer=info -cp '/opt/kafka/libs/*' kafka.Kafka $properties
