namespace Tunesmith.Runs.Recipes;

/// <summary>What to do with a key that LLaMA-Factory has and that no options record here declares.</summary>
internal enum ForeignVerdict { Unknown, Inert, Refused }

/// <summary>
/// Every key of LLaMA-Factory's argument classes and of Hugging Face's Seq2SeqTrainingArguments (hparams/*.py, training_args.py).
/// A key that an options record declares never gets here. The others either change nothing about the result (inert: hardware,
/// downloads, loggers, and details of features that are refused themselves) or are accepted only with their default.
/// </summary>
internal static class ForeignKeys
{
    // key=default; accepted with this value only.
    private const string RefusedModel = """
        adapter_folder=null resize_vocab=false split_special_tokens=false add_tokens=null add_special_tokens=null new_special_tokens_config=null
        init_special_tokens=noise_init rope_scaling=null shift_attn=false mixture_of_depths=null moe_aux_loss_coef=null upcast_layernorm=false
        upcast_lmhead_output=false train_from_scratch=false infer_backend=huggingface infer_dtype=auto use_kv_cache=true quantization_bit=null
        export_quantization_bit=null export_legacy_format=false export_hub_model_id=null use_kt=false model_revision=main
        """;

    private const string RefusedData = """
        media_dir=null train_on_prompt=false mask_history=false streaming=false mix_strategy=concat interleave_probs=null max_samples=null
        ignore_pad_token_for_loss=true val_size=0.0 eval_on_each_dataset=false packing=null neat_packing=false tool_format=null default_system=null
        enable_thinking=true preserve_thinking=false tokenized_path=null eval_dataset=null eval_num_beams=null
        """;

    private const string RefusedMethods = """
        pure_bf16=false use_llama_pro=false use_adam_mini=false use_mca=false use_megatron_bridge=false use_hyper_parallel=false use_muon=false
        use_dft_loss=false use_asft_loss=false use_eaft_loss=false freeze_vision_tower=true freeze_multi_modal_projector=true freeze_language_model=false
        compute_accuracy=false disable_shuffling=false early_stopping_steps=null additional_target=null loraplus_lr_ratio=null use_rslora=false
        use_dora=false pissa_init=false pissa_convert=false create_new_adapter=false use_galore=false use_apollo=false use_badam=false
        ref_model=null reward_model=null lora_dropout=0.0 lora_alpha=null num_beams=1
        """;

    private const string RefusedTraining = """
        evaluation_strategy=no eval_on_start=false eval_delay=0 load_best_model_at_end=false metric_for_best_model=null greater_is_better=null ignore_data_skip=false
        resume_from_checkpoint=null fp16=false bf16=false bf16_full_eval=false fp16_full_eval=false fp8=false neftune_noise_alpha=null
        label_smoothing_factor=0.0 dataloader_drop_last=false train_sampling_strategy=random optim_args=null
        optim_target_modules=null lr_scheduler_kwargs=null max_grad_norm=1.0 predict_with_generate=false generation_max_length=null
        generation_num_beams=null generation_config=null deepspeed=null fsdp=null push_to_hub=false auto_find_batch_size=false data_seed=null
        warmup_ratio=0.0 warmup_steps=0 past_index=-1 use_swanlab=false save_only_model=false weight_decay=0.0 adam_beta1=0.9 adam_beta2=0.999
        adam_epsilon=1e-8 per_gpu_train_batch_size=null per_gpu_eval_batch_size=null sortish_sampler=false include_for_metrics=null
        batch_eval_metrics=false eval_accumulation_steps=null parallelism_config=null disable_gradient_checkpointing=false
        """;

    private const string Inert = """
        cache_dir use_fast_tokenizer low_cpu_mem_usage flash_attn use_unsloth use_unsloth_gc enable_liger_kernel use_reentrant_gc offload_folder use_v1_kernels
        hf_hub_token ms_hub_token om_hub_token print_param_status trust_remote_code quantization_method quantization_type double_quantization
        quantization_device_map image_max_pixels image_min_pixels image_do_pan_and_scan crop_to_patches video_max_pixels video_min_pixels video_fps
        video_maxlen use_audio_in_video audio_sampling_rate export_device export_quantization_dataset export_quantization_nsamples
        export_quantization_maxlen vllm_maxlen vllm_gpu_util vllm_enforce_eager vllm_max_lora_rank vllm_config sglang_maxlen sglang_mem_fraction
        sglang_tp_size sglang_config sglang_lora_backend kt_config kt_cpu_activation kt_weight_path kt_non_expert_weight_path kt_expert_checkpoint_path
        kt_use_lora_experts kt_lora_expert_num kt_lora_expert_intermediate_size buffer_size overwrite_cache preprocessing_batch_size
        preprocessing_num_workers data_shared_file_system hyper_parallel_args hyper_parallel_cp_size asft_alpha eaft_alpha plot_loss
        include_effective_tokens_per_second loraplus_lr_embedding pissa_iter module_dropout oft_rank oft_block_size oft_target pref_beta pref_ftx
        pref_bco_weight pref_loss dpo_label_smoothing kto_chosen_weight kto_rejected_weight simpo_gamma ppo_buffer_size ppo_epochs ppo_score_norm
        ppo_target ppo_whiten_rewards ref_model_adapters ref_model_quantization_bit reward_model_adapters reward_model_quantization_bit
        reward_model_type ld_alpha galore_target galore_rank galore_update_interval galore_scale galore_proj_type galore_layerwise apollo_target
        apollo_rank apollo_update_interval apollo_scale apollo_proj apollo_proj_type apollo_scale_type apollo_layerwise apollo_scale_front badam_mode
        badam_start_block badam_switch_mode badam_switch_interval badam_update_ratio badam_mask_mode badam_verbose swanlab_project swanlab_workspace
        swanlab_run_name swanlab_mode swanlab_api_key swanlab_logdir swanlab_lark_webhook_url swanlab_lark_secret enable_torch_profiler
        profiler_output_dir profiler_wait_steps profiler_warmup_steps profiler_active_steps profiler_repeat profiler_record_shapes
        profiler_profile_memory profiler_with_stack profile_modules fp8_backend fp8_enable_fsdp_float8_all_gather ray_num_workers ray_init_kwargs
        ray_scope master_addr master_port tensor_model_parallel_size pipeline_model_parallel_size expert_model_parallel_size context_parallel_size
        virtual_pipeline_model_parallel_size sequence_parallel recompute_granularity recompute_method recompute_num_layers
        account_for_embedding_in_pipeline_split account_for_loss_in_pipeline_split bias_activation_fusion apply_rope_fusion masked_softmax_fusion
        cross_entropy_loss_fusion moe_grouped_gemm moe_token_dispatcher_type calculate_per_token_loss use_distributed_optimizer overlap_param_gather
        overlap_grad_reduce use_packed_sequences mixed_precision megatron_pretrained_checkpoint export_hf_on_finish extra_config
        freeze_trainable_layers freeze_trainable_modules freeze_extra_modules lora_rank lora_target export_dir export_size
        prediction_loss_only torch_empty_cache_steps logging_dir logging_nan_inf_filter logging_first_step logging_strategy save_safetensors
        save_on_each_node no_cuda use_cpu use_mps_device seed full_determinism jit_mode_eval use_ipex tf32 local_rank ddp_backend tpu_num_cores
        tpu_metrics_debug debug dataloader_num_workers dataloader_prefetch_factor dataloader_pin_memory dataloader_persistent_workers run_name
        disable_tqdm remove_unused_columns label_names fsdp_min_num_params fsdp_config fsdp_transformer_layer_cls_to_wrap accelerator_config
        length_column_name report_to project trackio_space_id trackio_bucket_id ddp_find_unused_parameters ddp_bucket_cap_mb ddp_broadcast_buffers
        ddp_timeout skip_memory_metrics use_legacy_prediction_loop hub_model_id hub_strategy hub_token hub_private_repo hub_always_push hub_revision
        gradient_checkpointing gradient_checkpointing_kwargs include_inputs_for_metrics eval_do_concat_batches fp16_backend fp16_opt_level
        half_precision_backend push_to_hub_model_id push_to_hub_organization push_to_hub_token mp_parameters torchdynamo torch_compile
        torch_compile_backend torch_compile_mode include_tokens_per_second include_num_input_tokens_seen eval_use_gather_object
        average_tokens_across_devices use_liger_kernel liger_kernel_config log_level log_level_replica log_on_each_node
        restore_callback_states_from_checkpoint enable_jit_checkpoint save_total_limit overwrite_output_dir do_train do_eval do_predict
        eval_strategy eval_steps save_strategy save_steps logging_steps output_dir stage finetuning_type dataset dataset_dir
        template cutoff_len per_device_train_batch_size per_device_eval_batch_size gradient_accumulation_steps learning_rate num_train_epochs
        max_steps lr_scheduler_type optim model_name_or_path adapter_name_or_path do_sample temperature top_p top_k max_length max_new_tokens
        repetition_penalty length_penalty skip_special_tokens
        """;

    private static readonly Dictionary<string, string?> Table = Build();

    /// <summary>All the names, for suggestions.</summary>
    public static IEnumerable<string> Names => Table.Keys;

    /// <summary>What to do with this key and value.</summary>
    public static ForeignVerdict Judge(string key, Node value)
    {
        if (!Table.TryGetValue(key, out var wanted)) return ForeignVerdict.Unknown;
        if (wanted is null) return ForeignVerdict.Inert;
        return value is ScalarNode scalar && Same(scalar, new ScalarNode(wanted, false, 0)) ? ForeignVerdict.Inert : ForeignVerdict.Refused;
    }

    /// <summary>The only value accepted for a key that would change the result.</summary>
    public static string DefaultOf(string key) => Table[key] ?? "any value";

    /// <summary>What a person can do instead.</summary>
    public static string WayOut(string key) => key switch
    {
        "deepspeed" or "fsdp" => "One process trains here: remove the line.",
        "fp16" => "Set bf16: true instead, or remove the line.",
        "push_to_hub" or "export_hub_model_id" => "Nothing is uploaded from here: remove the line and publish the output folder yourself.",
        "use_swanlab" => "Curves are written to the output folder: remove the line.",
        "evaluation_strategy" => "It is called eval_strategy now: write that.",
        "infer_backend" => "Remove the line: there is one backend.",
        "quantization_bit" => "Remove the line to train in the weights' own precision.",
        _ => "Remove the line to go on without it.",
    };

    private static bool Same(ScalarNode a, ScalarNode b)
    {
        if (Scalars.IsNull(a)) return true;
        if (Scalars.AsDouble(a) is { } x && Scalars.AsDouble(b) is { } y) return x == y;
        if (Scalars.AsBool(a) is { } p && Scalars.AsBool(b) is { } q) return p == q;
        // packing: false and null are the same to stage sft; a stage that packs by itself declares the key.
        if (Scalars.IsNull(b)) return Scalars.AsBool(a) == false || a.Text.Length == 0;
        return a.Text == b.Text;
    }

    private static Dictionary<string, string?> Build()
    {
        var table = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var word in (RefusedModel + "\n" + RefusedData + "\n" + RefusedMethods + "\n" + RefusedTraining).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            int sign = word.IndexOf('=');
            table.Add(word[..sign], word[(sign + 1)..]);
        }
        foreach (var word in Inert.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)) table.Add(word, null);
        return table;
    }
}
