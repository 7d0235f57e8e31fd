// One customs form, as the authorities want it.
using Newtonsoft.Json;

namespace Quayside.Customs;

public sealed record Form(string Sender, string Country, int Cents, string Contents)
{
    /// <summary>Goods above this value, in cents, need a form.</summary>
    public const int Limit = 2200;

    public bool Needed => Country is not ("NL" or "BE" or "DE") && Cents > Limit;

    public string ToJson() => JsonConvert.SerializeObject(this);
}
