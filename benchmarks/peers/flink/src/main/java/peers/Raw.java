package peers;

/** A record of the raw stream as it came. */
public final class Raw {
  public byte[] data;
  public String sequence;
}
