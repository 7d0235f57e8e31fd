package quayside;

import java.io.InputStream;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import javax.xml.parsers.DocumentBuilderFactory;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.w3c.dom.Document;

/** Finds, reads and stamps invoices. */
public final class Invoices {
    private static final Logger LOG = LogManager.getLogger(Invoices.class);
    private final Connection connection;

    public Invoices(Connection connection) {
        this.connection = connection;
    }

    public ResultSet ofCustomer(String customer) throws SQLException {
        LOG.info("invoices of {}", customer);
        PreparedStatement statement = connection.prepareStatement("SELECT * FROM invoices WHERE customer = ?");
        statement.setString(1, customer);
        return statement.executeQuery();
    }

    public static Document read(InputStream in) throws Exception {
        return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(in);
    }

    public static byte[] stamp(byte[] invoice) throws Exception {
        return MessageDigest.getInstance("SHA-256").digest(invoice);
    }
}
