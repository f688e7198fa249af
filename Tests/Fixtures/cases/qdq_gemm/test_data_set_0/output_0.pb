
ByJ2³yW¶piŠv¢‚™‡ Sc±¯zuÈ˜cxv{~u“oPŽf·N¡VkÂtÆzÜGxL’¤