// Asks for a partner to be onboarded, with the official Kafka client and nothing else:
//
//   java -cp '<jars>/*' StartOnboarding.java <bootstrap> <topic> <event id> <e-mail>
//
// <jars> holds kafka-clients; `onboarding broker install` fetches it. Prints where the record
// stands: topic/partition/offset.

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

public class StartOnboarding {
  public static void main(String[] args) throws Exception {
    String bootstrap = args[0], topic = args[1], eventId = args[2], email = args[3];

    String body =
        """
        {
          "partner_data": {
            "nombre": "TechSolutions Inc",
            "email": "%s",
            "telefono": "+1234567890",
            "tipo_partner": "EMPRESA",
            "preferred_contract_type": "PREMIUM"
          }
        }
        """
            .formatted(email);

    ProducerRecord<String, String> start = new ProducerRecord<>(topic, body);
    header(start, "ce_type", "com.hexabuilders.onboarding.PartnerOnboardingInitiated.v1");
    header(start, "ce_id", eventId);
    header(start, "ce_source", "/producers/java");

    Map<String, Object> settings = Map.of("bootstrap.servers", bootstrap, "acks", "all");
    StringSerializer text = new StringSerializer();
    try (var producer = new KafkaProducer<>(settings, text, text)) {
      var where = producer.send(start).get();
      System.out.println(where.topic() + "/" + where.partition() + "/" + where.offset());
    }
  }

  private static void header(ProducerRecord<?, ?> record, String name, String value) {
    record.headers().add(name, value.getBytes(StandardCharsets.UTF_8));
  }
}
